// docs/conformance.md names a test for every feature that the GatewayClass claims and for every rule it lists. A
// feature without a row, a row without a test and a test that is gone fail here.
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/resolve/classes.hpp"
#include "test/unit/app/docs_text.hpp"

namespace pintle::app {
namespace {

using docs::find_all;
using docs::Names;
using docs::read;

/// "golden/CASE", "unit/FILE Suite.Name", "integration/FILE Class.test" or "installed/FILE step", below test/.
bool is_there(const std::string& test) {
  const std::size_t space = test.find(' ');
  const std::string file = "test/" + test.substr(0, space);
  if (space == std::string::npos) return !read(file + ".in.yaml").empty() && !read(file + ".out.yaml").empty();
  const std::string name = test.substr(space + 1);
  const std::size_t dot = name.find('.');
  const std::string text = read(file);
  if (file.ends_with(".cpp")) {
    if (dot == std::string::npos) return false;
    const std::string pattern =
        fmt::format(R"(TEST(?:_F|_P)?\(({}),\s*({})\))", name.substr(0, dot), name.substr(dot + 1));
    return !find_all(text, pattern).empty();
  }
  if (dot == std::string::npos) return text.contains("    def " + name + "(");
  const std::size_t of_class = text.find("\nclass " + name.substr(0, dot) + "(");
  if (of_class == std::string::npos) return false;
  const std::string body = text.substr(of_class, text.find("\nclass ", of_class + 1) - of_class);
  return body.contains("    def " + name.substr(dot + 1) + "(");
}

Names tests_in(const std::string& row) { return find_all(row, "`((?:golden|unit|integration|installed)/[^`]+)`"); }

/// Lines of the table under `heading`, by what stands in their first cell.
std::map<std::string, std::string> rows(const std::string& heading) {
  std::map<std::string, std::string> found;
  std::istringstream lines(docs::section(read("docs/conformance.md"), heading));
  for (std::string line; std::getline(lines, line);) {
    const Names first = find_all(line, "^\\| `?([A-Za-z0-9]+)`? \\|");
    if (!first.empty()) EXPECT_TRUE(found.emplace(*first.begin(), line).second) << "twice: " << line;
  }
  return found;
}

/// Of a class of ours, where each Gateway has a Service: in the other mode one feature less.
Names claimed_features() {
  resolve::Settings settings;
  settings.gateway_mode = resolve::GatewayMode::Service;
  auto ours = std::make_shared<api::GatewayClass>();
  ours->metadata.name = "ours";
  ours->spec.controller_name = settings.controller_name;
  source::Batch batch;
  batch.changes.emplace_back(source::Upsert{api::Ptr<api::GatewayClass>(ours)});
  store::Store store;
  store.apply(batch);
  const auto reports = resolve::judge_classes(store.freeze(), settings);
  return {reports.at(0).supported_features.begin(), reports.at(0).supported_features.end()};
}

TEST(DocsConformance, TestsAreToldFromWhatIsNone) {
  for (const char* test :
       {"golden/quickstart", "unit/app/docs_conformance_test.cpp DocsConformance.TestsAreToldFromWhatIsNone",
        "unit/app/docs_names_test.cpp DocsStatuses.EveryReason", "integration/test_routing.py Routing.test_weights",
        "installed/chart.py helm_test_passes"})
    EXPECT_TRUE(is_there(test)) << test;
  for (const char* test :
       {"golden/nothing", "unit/app/docs_conformance_test.cpp DocsConformance.Tests", "unit/app/no_test.cpp A.B",
        "unit/app/docs_names_test.cpp EveryReason", "integration/test_routing.py Balance.test_weights",
        "integration/test_routing.py Routing.test_weight", "installed/chart.py no_step"})
    EXPECT_FALSE(is_there(test)) << test;
}

TEST(DocsConformance, EveryTestItNamesIsThere) {
  const Names named = tests_in(read("docs/conformance.md"));
  EXPECT_GT(named.size(), 100U);
  for (const std::string& test : named) EXPECT_TRUE(is_there(test)) << test;
}

TEST(DocsConformance, EveryFeatureThatIsClaimedHasATest) {
  const auto found = rows("Features");
  const Names claimed = claimed_features();
  for (const std::string& feature : claimed) {
    ASSERT_TRUE(found.contains(feature)) << feature << " is claimed and has no row in docs/conformance.md";
    EXPECT_FALSE(tests_in(found.at(feature)).empty()) << feature << " is claimed and no test of ours covers it";
  }
  for (const auto& [feature, row] : found)
    EXPECT_TRUE(feature == "Feature" || claimed.contains(feature)) << feature << " has a row and is not claimed";
}

TEST(DocsConformance, EveryRuleHasATest) {
  const auto found = rows("Rules that the suite does not test");
  for (int rule = 1; rule <= 40; ++rule) {
    const auto row = found.find(std::to_string(rule));
    ASSERT_NE(row, found.end()) << "rule " << rule;
    EXPECT_NE(tests_in(row->second).empty(), !row->second.contains("not yet")) << row->second;
  }
}

TEST(DocsConformance, ProfilesAreThoseOfTheReport) {
  const std::string report = read("conformance/experimental-v0.1.0-default-report.yaml");
  const std::regex parts(
      R"(Failed: (\d+)\s+Passed: (\d+)\s+Skipped: (\d+)|\n  name: (GATEWAY-[A-Z]+)|gatewayAPIVersion: (\S+))");
  std::string wanted = "| Profile | Core | Extended |\n|---|---|---|\n";
  std::vector<std::string> counts;
  for (std::sregex_iterator at(report.begin(), report.end(), parts), end; at != end; ++at) {
    const std::smatch& part = *at;
    if (part[1].matched)
      counts.push_back(fmt::format("{} passed, {} failed, {} skipped", part[2].str(), part[1].str(), part[3].str()));
    if (!part[4].matched) continue;
    ASSERT_EQ(counts.size(), 2U) << part[4];
    wanted += fmt::format("| {} | {} | {} |\n", part[4].str(), counts[0], counts[1]);
    counts.clear();
  }
  docs::expect_generated("docs/conformance.md", "profiles", wanted);
}

}  // namespace
}  // namespace pintle::app
