// Findings for people and for programs: text, JSON, SARIF 2.1.0 (code scanning), annotations of GitHub workflows. Pure.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "controller/api/finding.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {

struct FindingList {
  std::vector<api::Finding> findings;
  std::size_t objects = 0;
  std::size_t files = 0;
};

/// A line each, "file:line:column: error GW0201: ...", and a summary.
void print_findings(const FindingList& list, const Terminal& terminal);
/// {"findings": [{"id", "severity", "title", "file", "line", "column", "object", "field", "message", "fix"}],
/// "summary"}
[[nodiscard]] nlohmann::ordered_json list_findings(const std::vector<api::Finding>& findings);
/// The same; the summary also counts files and objects.
[[nodiscard]] nlohmann::ordered_json findings_json(const FindingList& list);
/// {"errors", "warnings", "infos"}
[[nodiscard]] nlohmann::ordered_json count_findings(const std::vector<api::Finding>& findings);
/// "2 errors, 1 warning, 0 notes" of such a count.
[[nodiscard]] std::string count_text(const nlohmann::ordered_json& count);
[[nodiscard]] nlohmann::ordered_json findings_sarif(const FindingList& list);
/// "::error file=...,line=...,col=...,title=...::..." lines.
[[nodiscard]] std::string findings_github(const FindingList& list);

}  // namespace pintle::app
