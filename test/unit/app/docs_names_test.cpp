// Documents that list names the program gives (metrics, fields of the access log, reasons of conditions) list all of
// them and no other. The names are read where the code spells them, so a new one without a line in its document fails
// here.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace pintle::app {
namespace {

using Names = std::set<std::string>;

std::string read(const std::string& name) {
  std::ifstream in(std::string(PINTLE_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What the groups of each match say, joined by a space.
Names find_all(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    std::string name;
    for (std::size_t group = 1; group < at->size(); ++group) name += (group == 1 ? "" : " ") + (*at)[group].str();
    names.insert(name);
  }
  return names;
}

/// The rows of tables in the section that begins with `heading`.
std::string section(const std::string& text, const std::string& heading) {
  const std::size_t from = text.find("\n## " + heading);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find("\n## ", from + 1) - from);
}

/// The part of conditions.hpp inside `namespace NAME`.
std::string scope(const std::string& text, const std::string& name) {
  const std::size_t from = text.find("\nnamespace " + name + " {");
  const std::size_t to = text.find("}  // namespace " + name, from);
  return from == std::string::npos || to == std::string::npos ? std::string() : text.substr(from, to - from);
}

TEST(DocsNames, EveryMetric) {
  Names wanted;
  for (const auto& file : std::filesystem::directory_iterator(std::string(PINTLE_SOURCE_DIR) + "/dataplane/observe")) {
    if (file.path().extension() != ".cpp") continue;
    const std::string text = read("dataplane/observe/" + file.path().filename().string());
    wanted.merge(find_all(text, R"re("([a-z_]+)",\s*"(counter|gauge|histogram)")re"));
    for (const std::string& name : find_all(text, R"re(gauge\("([a-z_]+)")re")) wanted.insert(name + " gauge");
  }
  EXPECT_GT(wanted.size(), 30U);
  EXPECT_EQ(find_all(read("docs/metrics.md"), R"re(\| `([a-z_]+)` \| (counter|gauge|histogram) \|)re"), wanted);
}

TEST(DocsNames, EveryFieldOfTheAccessLog) {
  const Names wanted = find_all(read("dataplane/observe/access_log.cpp"), R"re(R"\("([a-z._]+)":\)")re");
  EXPECT_GT(wanted.size(), 30U);
  Names found;
  for (const std::string& cell : find_all(read("docs/access-log.md"), R"re(\n\| ((?:`[a-z._]+`(?:, )?)+) \|)re"))
    found.merge(find_all(cell, "`([a-z._]+)`"));
  EXPECT_EQ(found, wanted);
}

class DocsStatuses : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(DocsStatuses, EveryReason) {
  const auto& [name, heading] = GetParam();
  Names wanted;
  const std::string code = scope(read("controller/status/conditions.hpp"), name);
  const std::pair<const char*, const char*> statuses[] = {{"true", "True"}, {"false", "False"}, {"unknown", "Unknown"}};
  for (const auto& [word, status] : statuses)
    for (const std::string& row :
         find_all(code, std::string("is_") + word + R"re(\(type::([A-Za-z]+),\s*"([A-Za-z]+)")re")) {
      const std::size_t space = row.find(' ');
      wanted.insert(row.substr(0, space) + " " + status + row.substr(space));
    }
  if (std::string(name) == "parent") {
    // dropped_rules() makes these of what would be Accepted=False.
    wanted.insert("PartiallyInvalid True UnsupportedValue");
    wanted.insert("PartiallyInvalid True IncompatibleFilters");
  }
  EXPECT_GT(wanted.size(), 5U);
  EXPECT_EQ(find_all(section(read("docs/statuses.md"), heading),
                     R"re(\n\| ([A-Za-z]+) \| (True|False|Unknown) \| ([A-Za-z]+) \|)re"),
            wanted);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DocsStatuses,
                         testing::Values(std::pair{"gateway_class", "GatewayClass"}, std::pair{"gateway", "Gateway\n"},
                                         std::pair{"listener", "Listener"}, std::pair{"parent", "HTTPRoute"}),
                         [](const auto& info) { return std::string(info.param.first); });

}  // namespace
}  // namespace pintle::app
