// The walk for people: what comes of the request first, then how it came to that, one line a step.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/app/explain_walk.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

/// More rules that fail by their path alone are only counted: nobody reads them.
constexpr std::size_t most_path_losers = 20;

/// A value on one line: texts without quotes.
[[nodiscard]] std::string flat(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value) out += (out.empty() ? "" : ", ") + flat(item);
    return out;
  }
  if (value.is_object()) {
    std::string out;
    for (const auto& [key, item] : value.items())
      out += fmt::format("{}{} {}", out.empty() ? "" : "; ", key, flat(item));
    return out;
  }
  return value.dump();
}

class Writer {
 public:
  void line(std::string_view label, std::string_view text) {
    text_ += fmt::format("{:<10}{}\n", label, printable(text));
  }
  void raw(std::string_view text) { text_ += printable(text) + "\n"; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

/// "500 ref_not_permitted: why", "200 with grpc-status 14, no_endpoints: why", "no answer, tls_failed: why"; the
/// meaning of the reason where there is no detail.
[[nodiscard]] std::string failure_text(const Json& answer) {
  const int status = answer.value("status", 0);
  const std::string why = answer.contains("detail") ? flat(answer["detail"]) : flat(answer.value("meaning", Json("")));
  std::string told = status == 0 ? std::string("no answer,") : fmt::format("{}", status);
  if (answer.contains("grpcStatus")) told += fmt::format(" with grpc-status {},", answer["grpcStatus"].dump());
  return fmt::format("{} {}{}{}", told, flat(answer["reason"]), why.empty() ? "" : ": ", why);
}

[[nodiscard]] std::string forward_text(const Json& walk) {
  std::string text;
  if (!walk.contains("backends")) return "the backend's";
  for (const Json& backend : walk["backends"]) {
    if (backend.contains("failure") || backend["weight"] == 0) continue;
    text += fmt::format("{}{}", text.empty() ? "" : " or ", flat(backend["backend"]));
    if (walk["backends"].size() > 1) text += fmt::format(" ({:.0f} %)", backend["percent"].get<double>());
  }
  return "of the backend " + text;
}

void write_answer(Writer& out, const Json& walk) {
  const Json& answer = walk["answer"];
  if (walk["served"] == true && answer.contains("location"))
    out.line("answer", fmt::format("{} redirect to {}", answer.value("status", 0), flat(answer["location"])));
  else
    out.line("answer", walk["served"] == true ? forward_text(walk) : failure_text(answer));
  if (answer.contains("if"))
    out.line("", fmt::format("if {}; else the server's answer, or 403 ext_auth", flat(answer["if"])));
  if (answer.contains("partly")) out.line("", "a part of the requests gets " + failure_text(answer["partly"]));
  if (answer.contains("fix")) out.line("", "fix: " + flat(answer["fix"]));
}

void write_rules(Writer& out, const Json& rules) {
  if (rules.empty()) return;
  std::set<std::string> hosts;
  std::size_t rule_width = 0;
  std::size_t match_width = 0;
  std::size_t path_losers = 0;
  std::vector<const Json*> shown;
  for (const Json& rule : rules) {
    if (rule.value("failed", "") == "path" && ++path_losers > most_path_losers) continue;
    shown.push_back(&rule);
    hosts.insert(flat(rule["host"]));
    rule_width = std::max(rule_width, flat(rule["rule"]).size());
    match_width = std::max(match_width, std::min<std::size_t>(flat(rule["match"]).size(), 60));
  }
  out.line("rules", "in order of precedence; the first that matches takes the request");
  for (const Json* rule : shown) {
    const bool won = (*rule)["result"] == "won";
    std::string line = fmt::format("  {} {:<{}}  ", won ? ">" : "x", flat((*rule)["rule"]), rule_width);
    if (hosts.size() > 1) line += fmt::format("[{}] ", flat((*rule)["host"]));
    line += fmt::format("{:<{}}  {}", flat((*rule)["match"]), match_width,
                        won ? std::string("takes it") : flat((*rule)["because"]));
    out.raw(line);
  }
  if (path_losers > most_path_losers)
    out.raw(fmt::format("    and {} more with another path (-o json lists them)", path_losers - most_path_losers));
}

void write_backends(Writer& out, const Json& backends) {
  for (const Json& backend : backends) {
    std::string text = fmt::format("{}  weight {} ({:.0f} %)  ", flat(backend["backend"]), flat(backend["weight"]),
                                   backend["percent"].get<double>());
    text += backend.contains("failure") ? "gets " + failure_text(backend["failure"]) : flat(backend["endpoints"]);
    if (backend.contains("externalAuth")) text += fmt::format("  if {} lets it through", flat(backend["externalAuth"]));
    out.line("backend", text);
    if (backend.contains("retryBudget")) out.line("", "its retries: " + flat(backend["retryBudget"]));
  }
}

}  // namespace

std::string explain_text(const Json& walk) {
  Writer out;
  const Json& request = walk["request"];
  out.line("request", fmt::format("{} {}", flat(request["method"]), flat(request["url"])));
  write_answer(out, walk);
  out.raw("");
  if (request.contains("pathWas"))
    out.line("path", fmt::format("{} (normalised from {})", flat(request["path"]), flat(request["pathWas"])));
  if (walk.contains("tls")) out.line("tls", flat(walk["tls"]));
  if (walk.contains("listener")) {
    const Json& listener = walk["listener"];
    out.line("listener", fmt::format("{} of Gateway {}, port {}, hostname {}", flat(listener["name"]),
                                     flat(listener["gateway"]), flat(listener["port"]), flat(listener["hostname"])));
  }
  if (walk.contains("host"))
    out.line("host", fmt::format("{} (the most specific of the routes that covers the request)", flat(walk["host"])));
  if (walk.contains("rules")) write_rules(out, walk["rules"]);
  if (walk.contains("filters"))
    for (const auto& [name, value] : walk["filters"].items())
      out.line("filter", fmt::format("{}: {}", name, flat(value)));
  if (walk.contains("backends")) write_backends(out, walk["backends"]);
  std::string text = out.take();
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace pintle::app
