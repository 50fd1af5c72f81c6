#include "src/app/routes_list.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/compile/dump_rule.hpp"
#include "src/app/explain_rules.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

/// A connection has no status: it is closed.
[[nodiscard]] std::string failure_text(const route::Failure& failure) {
  return failure.status == 0 ? fmt::format("closed {}", to_string(failure.reason))
                             : fmt::format("{} {}", failure.status, to_string(failure.reason));
}

/// "shop-v1:80 90 %, shop-v2:80 10 %", "redirect 301", "500 ref_invalid".
[[nodiscard]] std::string target_text(const route::Rule& rule) {
  if (const auto* redirect = std::get_if<route::Redirect>(&rule.action))
    return fmt::format("redirect {}", redirect->status);
  if (const auto* failure = std::get_if<route::Failure>(&rule.action)) return failure_text(*failure);
  const auto& forward = std::get<route::Forward>(rule.action);
  std::string text;
  for (const route::WeightedBackend& backend : forward.backends) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", backend.name);
    if (forward.backends.size() > 1)
      text += fmt::format(" ({:.0f} %)",
                          static_cast<double>(backend.weight) * 100 / static_cast<double>(forward.total_weight));
    if (backend.failure) text += " " + failure_text(*backend.failure);
  }
  return text;
}

[[nodiscard]] bool is_http(route::Protocol protocol) {
  return protocol == route::Protocol::Http || protocol == route::Protocol::Https;
}

[[nodiscard]] std::string filter_text(const route::Rule& rule) {
  std::string text;
  const auto add = [&](std::string_view word) { text += fmt::format("{}{}", text.empty() ? "" : ", ", word); };
  if (rule.filters.request) add("request headers");
  if (rule.filters.response) add("response headers");
  if (rule.filters.rewrite) add("rewrite");
  if (rule.timeouts.request || rule.timeouts.backend_request) add("timeouts");
  return text;
}

}  // namespace

Json list_routes(const runtime::Compiled& compiled) {
  Json list = Json::array();
  if (!compiled.table) return list;
  std::set<const route::PortTable*> seen;  // both address families of a Gateway share a table
  for (const auto& port : compiled.table->ports()) {
    if (!port || !seen.insert(port.get()).second) continue;
    for (const route::Listener& listener : port->listeners()) {
      if (!listener.table) continue;
      for (const auto& [host, table] : listener.table->hosts())
        for (const route::Entry& entry : table->entries()) {
          const route::RuleSource& source = entry.rule->source;
          Json one{{"gateway", listener.gateway},
                   {"listener", listener.name},
                   {"port", listener.public_port},
                   {"host", host},
                   {"match", is_http(listener.protocol) ? match_text(*entry.match) : "everything"},
                   {"kind", source.kind},
                   {"route", source.route},
                   {"rule", source.index}};
          if (!source.name.empty()) one["ruleName"] = source.name;
          one["to"] = target_text(*entry.rule);
          if (std::string filters = filter_text(*entry.rule); !filters.empty()) one["filters"] = std::move(filters);
          list.push_back(std::move(one));
        }
    }
  }
  return list;
}

void print_routes(const Json& routes, Width width, const Terminal& terminal) {
  std::vector<std::string> head{"GATEWAY", "LISTENER", "PORT", "HOST", "MATCH", "ROUTE", "RULE", "TO"};
  if (width == Width::Wide) head.emplace_back("FILTERS");
  TextTable table(std::move(head));
  for (const Json& one : routes) {
    const std::string rule = fmt::format("#{}", one.value("rule", 0U)) +
                             (one.contains("ruleName") ? " " + one["ruleName"].get<std::string>() : std::string());
    table.add({one.value("gateway", ""), one.value("listener", ""), fmt::format("{}", one.value("port", 0U)),
               one.value("host", ""), one.value("match", ""), one.value("route", ""), rule, one.value("to", ""),
               one.value("filters", "")});
  }
  if (table.empty())
    terminal.out << "no routes\n";
  else
    table.print(terminal);
}

}  // namespace pintle::app
