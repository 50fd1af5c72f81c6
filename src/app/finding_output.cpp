#include "src/app/finding_output.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <pintle/base/version.hpp>

#include "src/app/finding_table.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::size_t count(const std::vector<api::Finding>& findings, api::Severity severity) {
  return static_cast<std::size_t>(std::ranges::count(findings, severity, &api::Finding::severity));
}
[[nodiscard]] std::string plural(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

[[nodiscard]] std::string_view title_of(const std::vector<api::FindingDoc>& docs, std::string_view id) {
  const auto found = std::ranges::find(docs, id, &api::FindingDoc::id);
  return found == docs.end() ? id : found->title;
}

/// "HTTPRoute default/shop: spec.rules[0]: what is wrong": what stands in the text after the place.
[[nodiscard]] std::string message_of(const api::Finding& finding) {
  std::string text;
  if (!finding.object.empty()) text += finding.object + ": ";
  if (!finding.field_path.empty()) text += finding.field_path + ": ";
  text += finding.message;
  if (!finding.fix.empty()) text += "; fix: " + finding.fix;
  return text;
}

/// Levels of SARIF and commands of GitHub share their words but for the third.
[[nodiscard]] std::string_view level_of(api::Severity severity) noexcept {
  switch (severity) {
    case api::Severity::Error:
      return "error";
    case api::Severity::Warning:
      return "warning";
    case api::Severity::Info:
      return "note";
  }
  return "error";
}

/// A relative URI reference (RFC 3986): bytes that may not stand in a path are escaped.
[[nodiscard]] std::string to_uri(std::string_view path) {
  constexpr std::string_view plain = "-._~/!$&'()*+,;=@";
  std::string out;
  if (path.starts_with('/')) out = "file://";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += letter || plain.find(c) != std::string_view::npos ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

[[nodiscard]] Json sarif_location(const api::Finding& finding) {
  Json physical{{"artifactLocation", {{"uri", to_uri(finding.file)}}}};
  if (finding.line != 0)
    physical["region"] = Json{{"startLine", finding.line}, {"startColumn", std::max(finding.column, 1U)}};
  return Json{{"physicalLocation", std::move(physical)}};
}

/// Escapes of workflow commands; in properties ':' and ',' mean something too.
enum class Place : std::uint8_t { Message, Property };
[[nodiscard]] std::string escape_command(std::string_view text, Place place) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (place == Place::Property && (c == ':' || c == ','));
    out += special ? fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c))) : std::string(1, c);
  }
  return out;
}

}  // namespace

void print_findings(const FindingList& list, const Terminal& terminal) {
  for (const api::Finding& finding : list.findings) {
    std::string line = printable(api::format_finding(finding));
    const std::string mark = fmt::format("{} {}: ", api::to_string(finding.severity), finding.id);
    const std::size_t at = line.find(mark);
    if (at != std::string::npos && finding.severity != api::Severity::Info)
      line.replace(at, mark.size() - 2,
                   terminal.paint(finding.severity == api::Severity::Error ? Paint::Bad : Paint::Warn,
                                  std::string_view(mark).substr(0, mark.size() - 2)));
    terminal.out << line << '\n';
  }
  const std::string where = fmt::format("{} in {}", plural(list.objects, "object"), plural(list.files, "file"));
  if (list.findings.empty()) {
    terminal.out << where << ": " << terminal.paint(Paint::Good, "no findings") << '\n';
    return;
  }
  terminal.out << fmt::format("{}: {}\n", where, count_text(count_findings(list.findings)));
}

Json count_findings(const std::vector<api::Finding>& findings) {
  return Json{{"errors", count(findings, api::Severity::Error)},
              {"warnings", count(findings, api::Severity::Warning)},
              {"infos", count(findings, api::Severity::Info)}};
}

std::string count_text(const Json& count) {
  return fmt::format("{}, {}, {}", plural(count.value("errors", std::size_t{0}), "error"),
                     plural(count.value("warnings", std::size_t{0}), "warning"),
                     plural(count.value("infos", std::size_t{0}), "note"));
}

Json list_findings(const std::vector<api::Finding>& findings) {
  const std::vector<api::FindingDoc> docs = all_finding_docs();
  Json items = Json::array();
  for (const api::Finding& finding : findings) {
    Json one{{"id", finding.id},
             {"severity", api::to_string(finding.severity)},
             {"title", title_of(docs, finding.id)},
             {"file", finding.file},
             {"line", finding.line},
             {"column", finding.column}};
    if (!finding.object.empty()) one["object"] = finding.object;
    if (!finding.field_path.empty()) one["field"] = finding.field_path;
    one["message"] = finding.message;
    if (!finding.fix.empty()) one["fix"] = finding.fix;
    items.push_back(std::move(one));
  }
  return Json{{"findings", std::move(items)}, {"summary", count_findings(findings)}};
}

Json findings_json(const FindingList& list) {
  Json made = list_findings(list.findings);
  Json summary{{"files", list.files}, {"objects", list.objects}};
  summary.update(made["summary"]);
  made["summary"] = std::move(summary);
  return made;
}

Json findings_sarif(const FindingList& list) {
  Json rules = Json::array();
  std::map<std::string_view, std::size_t> index;
  for (const api::FindingDoc& doc : all_finding_docs()) {
    index[doc.id] = rules.size();
    rules.push_back(Json{{"id", doc.id},
                         {"shortDescription", {{"text", doc.title}}},
                         {"fullDescription", {{"text", doc.meaning}}},
                         {"defaultConfiguration", {{"level", level_of(doc.severity)}}}});
  }
  Json results = Json::array();
  for (const api::Finding& finding : list.findings) {
    Json one{{"ruleId", finding.id}};
    if (const auto known = index.find(finding.id); known != index.end()) one["ruleIndex"] = known->second;
    one["level"] = level_of(finding.severity);
    one["message"] = Json{{"text", message_of(finding)}};
    if (!finding.file.empty()) one["locations"] = Json::array({sarif_location(finding)});
    results.push_back(std::move(one));
  }
  Json driver{{"name", "pintle"}, {"version", version()}, {"rules", std::move(rules)}};
  Json run{
      {"tool", {{"driver", std::move(driver)}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  return Json{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
              {"version", "2.1.0"},
              {"runs", Json::array({std::move(run)})}};
}

std::string findings_github(const FindingList& list) {
  const std::vector<api::FindingDoc> docs = all_finding_docs();
  std::string out;
  for (const api::Finding& finding : list.findings) {
    const std::string_view command = finding.severity == api::Severity::Info ? "notice" : level_of(finding.severity);
    out += fmt::format("::{} file={}", command, escape_command(finding.file, Place::Property));
    if (finding.line != 0) out += fmt::format(",line={},col={}", finding.line, std::max(finding.column, 1U));
    out += fmt::format(",title={}::{}\n",
                       escape_command(fmt::format("{} {}", finding.id, title_of(docs, finding.id)), Place::Property),
                       escape_command(message_of(finding), Place::Message));
  }
  return out;
}

}  // namespace pintle::app
