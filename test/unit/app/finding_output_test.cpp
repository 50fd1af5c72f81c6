#include "src/app/finding_output.hpp"

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "src/app/finding_table.hpp"

namespace pintle::app {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

[[nodiscard]] api::Finding finding(std::string_view id, api::Severity severity) {
  api::Finding made;
  made.id = id;
  made.severity = severity;
  made.file = "manifests/a b,c:%.yaml";
  made.line = 12;
  made.column = 3;
  made.object = "HTTPRoute default/shop";
  made.field_path = "spec.rules[0]";
  made.message = "what is\nwrong";
  made.fix = "write 100%";
  return made;
}

[[nodiscard]] FindingList three() {
  FindingList list{.findings = {finding("GW0301", api::Severity::Error), finding("GW0701", api::Severity::Warning),
                                finding("GW0901", api::Severity::Info)},
                   .objects = 5,
                   .files = 1};
  list.findings[2].line = list.findings[2].column = 0;
  return list;
}

TEST(FindingOutput, TextIsOneLineEachAndASummary) {
  std::ostringstream out;
  print_findings(three(), {.out = out, .err = out});
  EXPECT_THAT(out.str(), HasSubstr("manifests/a b,c:%.yaml:12:3: error GW0301: HTTPRoute default/shop: spec.rules[0]: "
                                   "what is\\x0awrong; fix: write 100%\n"));
  EXPECT_THAT(out.str(), testing::EndsWith("\n5 objects in 1 file: 1 error, 1 warning, 1 note\n"));
  out.str("");
  print_findings(three(), {.out = out, .err = out, .colour = Colour::On});
  EXPECT_THAT(out.str(), HasSubstr(": \x1b[31merror GW0301\x1b[0m: "));
  out.str("");
  print_findings({.findings = {}, .objects = 2, .files = 3}, {.out = out, .err = out});
  EXPECT_EQ(out.str(), "2 objects in 3 files: no findings\n");
}

TEST(FindingOutput, Json) {
  const Json json = findings_json(three());
  EXPECT_EQ(json["findings"][0]["id"], "GW0301");
  EXPECT_EQ(json["findings"][0]["title"], "Bad name");
  EXPECT_EQ(json["findings"][1]["severity"], "warning");
  EXPECT_EQ(json["findings"][0]["line"], 12);
  EXPECT_EQ(json["summary"]["errors"], 1);
  EXPECT_EQ(json["summary"]["objects"], 5);
}

TEST(FindingOutput, SarifHoldsWhatTheStandardDemands) {
  const Json sarif = findings_sarif(three());
  EXPECT_EQ(sarif["version"], "2.1.0");
  const Json& run = sarif["runs"][0];
  const Json& rules = run["tool"]["driver"]["rules"];
  EXPECT_EQ(rules.size(), all_finding_docs().size());
  const std::string levels[] = {"error", "warning", "note"};
  for (std::size_t i = 0; i < 3; ++i) {
    const Json& result = run["results"][i];
    EXPECT_EQ(result["level"], levels[i]);
    EXPECT_EQ(rules[result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    EXPECT_THAT(result["message"]["text"].get<std::string>(), HasSubstr("; fix: write 100%"));
  }
  const Json& place = run["results"][0]["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "manifests/a%20b,c%3A%25.yaml");
  EXPECT_EQ(place["region"]["startLine"], 12);
  EXPECT_EQ(place["region"]["startColumn"], 3);
  EXPECT_FALSE(run["results"][2]["locations"][0]["physicalLocation"].contains("region")) << "lines count from 1";
}

TEST(FindingOutput, GithubEscapesWhatTheRunnerWouldObey) {
  const std::string text = findings_github(three());
  EXPECT_THAT(text, HasSubstr("::error file=manifests/a b%2Cc%3A%25.yaml,line=12,col=3,title=GW0301 Bad name::"
                              "HTTPRoute default/shop: spec.rules[0]: what is%0Awrong; fix: write 100%25\n"));
  EXPECT_THAT(text, HasSubstr("\n::warning file="));
  EXPECT_THAT(text, HasSubstr("\n::notice file=manifests/a b%2Cc%3A%25.yaml,title=GW0901 "));
}

TEST(FindingTable, EveryReasonThatResolveGivesHasARow) {
  std::ifstream header(std::string(PINTLE_SOURCE_DIR) + "/controller/resolve/reasons.hpp");
  std::ostringstream text;
  text << header.rdbuf();
  const std::string source = text.str();
  const std::regex literal("= \"([A-Za-z]+)\";");
  std::size_t found = 0;
  for (std::sregex_iterator at(source.begin(), source.end(), literal); at != std::sregex_iterator(); ++at, ++found)
    EXPECT_NE(find_finding_of_reason((*at)[1].str()).doc.id, "GW0600") << (*at)[1];
  EXPECT_GT(found, 20U);
}

TEST(FindingTable, IdsAreUniqueAndReasonsHaveOneRow) {
  std::set<std::string_view> ids;
  for (const api::FindingDoc& doc : all_finding_docs()) EXPECT_TRUE(ids.insert(doc.id).second) << doc.id;
  std::set<std::string_view> reasons;
  for (const CrossFindingDoc& row : cross_finding_docs()) {
    if (row.reason.empty()) continue;
    EXPECT_TRUE(reasons.insert(row.reason).second) << row.reason;
    EXPECT_EQ(&find_finding_of_reason(row.reason), &row);
    EXPECT_FALSE(row.fix.empty()) << row.doc.id;
  }
  EXPECT_EQ(find_finding_of_reason("NoSuchReason").doc.id, "GW0600");
  EXPECT_EQ(find_finding_of_reason("").doc.id, "GW0600");
}

}  // namespace
}  // namespace pintle::app
