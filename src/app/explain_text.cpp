#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/app/explain_walk.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

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

void write_rules(Writer& out, const Json& rules) {
  if (rules.empty()) return;
  out.line("rules", "in order of precedence");
  for (const Json& rule : rules) {
    const bool won = rule["result"] == "won";
    out.raw(
        fmt::format("  {} {} [{}] {}", won ? ">" : "x", flat(rule["rule"]), flat(rule["host"]), flat(rule["match"])));
    out.raw(won ? "      won" : fmt::format("      lost: {}", flat(rule["because"])));
  }
}

void write_backends(Writer& out, const Json& backends) {
  for (const Json& backend : backends) {
    std::string text = fmt::format("{}  weight {} ({:.0f} %)  ", flat(backend["backend"]), flat(backend["weight"]),
                                   backend["percent"].get<double>());
    text += backend.contains("failure")
                ? fmt::format("answers {} {}: {}", flat(backend["failure"]["status"]),
                              flat(backend["failure"]["reason"]), flat(backend["failure"].value("detail", Json(""))))
                : flat(backend["endpoints"]);
    out.line("backend", text);
  }
}

void write_answer(Writer& out, const Json& walk) {
  const Json& answer = walk["answer"];
  const std::string reason = flat(answer["reason"]);
  const int status = answer.value("status", 0);
  if (walk["served"] == true && answer.contains("location"))
    out.line("answer", fmt::format("{} to {}", status, flat(answer["location"])));
  else if (walk["served"] == true)
    out.line("answer", "the backend's");
  else
    out.line("answer", status == 0 ? fmt::format("none: {}", reason) : fmt::format("{} {}", status, reason));
  if (answer.contains("meaning") && walk["served"] != true) out.line("", flat(answer["meaning"]));
  if (answer.contains("detail")) out.line("", flat(answer["detail"]));
  if (answer.contains("partly"))
    out.line("", fmt::format("a part of the requests gets {} {}: {}", flat(answer["partly"]["status"]),
                             flat(answer["partly"]["reason"]), flat(answer["partly"].value("detail", Json("")))));
}

}  // namespace

std::string explain_text(const Json& walk) {
  Writer out;
  const Json& request = walk["request"];
  out.line("request", fmt::format("{} {}", flat(request["method"]), flat(request["url"])));
  if (request.contains("pathWas"))
    out.line("path", fmt::format("{} (normalised from {})", flat(request["path"]), flat(request["pathWas"])));
  if (walk.contains("tls")) out.line("tls", flat(walk["tls"]));
  if (walk.contains("listener")) {
    const Json& listener = walk["listener"];
    out.line("listener", fmt::format("{} of Gateway {}, port {}, hostname {}", flat(listener["name"]),
                                     flat(listener["gateway"]), flat(listener["port"]), flat(listener["hostname"])));
  }
  if (walk.contains("host"))
    out.line("host", fmt::format("{} (most specific that covers the request)", flat(walk["host"])));
  if (walk.contains("otherHosts")) out.line("", fmt::format("not covered by: {}", flat(walk["otherHosts"])));
  if (walk.contains("rules")) write_rules(out, walk["rules"]);
  if (walk.contains("filters"))
    for (const auto& [name, value] : walk["filters"].items())
      out.line("filter", fmt::format("{}: {}", name, flat(value)));
  if (walk.contains("backends")) write_backends(out, walk["backends"]);
  write_answer(out, walk);
  return out.take();
}

}  // namespace pintle::app
