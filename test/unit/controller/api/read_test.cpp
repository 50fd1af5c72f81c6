// What is not well formed is refused, where it is and with a way out; nothing hostile costs more than its size.
#include "controller/api/read.hpp"

#include <chrono>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/api/bytes_check.hpp"

namespace pintle::api {
namespace {

using ::testing::HasSubstr;

struct Read {
  bool whole = false;
  std::vector<Document> documents;
  std::vector<Finding> findings;
};

Read read(std::string_view bytes, const std::string& name = "f.yaml", ReadLimits limits = {}) {
  Read made;
  const ReadInput input{.bytes = bytes, .file = std::make_shared<const std::string>(name), .limits = limits};
  made.whole = read_manifest(input, [&](Document&& one) { made.documents.push_back(std::move(one)); }, made.findings);
  add_ways_out(made.findings);
  return made;
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string made;
  made.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) made += text;
  return made;
}

struct Row {
  const char* name;
  std::string bytes;
  const char* place_and_id;
  const char* message;
  const char* file = "f.yaml";
};

std::vector<Row> rows() {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int at = 1; at < 12; ++at)
    bomb += fmt::format("a{0}: &a{0} [{1}*a{2}]\n", at, repeat(fmt::format("*a{}, ", at - 1), 8), at - 1);
  std::string stairs;
  for (std::size_t at = 0; at < 5000; ++at) stairs += std::string(at, ' ') + "a:\n";
  const std::string nul("a: b\nc: d\0e\n", 12);
  return {
      {"flow without end", "a: " + repeat("[", 200000), "1:36 GW0103", "64 levels"},
      {"list in list", repeat("- ", 100000), "1:129 GW0103", "64 levels"},
      {"stairs", stairs, "65:65 GW0103", "64 levels"},
      {"json without end", repeat("[", 500000), "1:65 GW0103", "64 levels", "f.json"},
      {"objects without end", repeat("{\"a\":", 100000), "1:321 GW0103", "64 levels", "f.json"},
      {"alias bomb", bomb, "6:10 GW0105", "100000 nodes"},
      {"holds itself", "a: &a [*a]\n", "1:8 GW0101", "not complete"},
      {"unknown alias", "a: *nope\n", "1:4 GW0101", "anchor"},
      {"key twice", "a: 1\nb: 2\na: 3\n", "3:1 GW0104", "first on line 1"},
      {"key twice, json", "{\"a\": 1,\n \"a\": 2}", "2:2 GW0104", "first on line 1", "f.json"},
      {"list as key", "? [a, b]\n: x\n", "1:3 GW0101", "plain text"},
      {"tab", "a:\n\tb: c\n", "2:3 GW0101", ""},
      {"bracket left open", "a: 1\nb: [x,\n", "2:4 GW0101", "never closed"},
      {"brace left open", "a: {x: 1", "1:4 GW0101", "never closed"},
      {"quote left open", "a: 1\nb: \"x\nc: 2\n", "2:4 GW0101", "never closed"},
      {"single quote left open", "a: 'it''s\n", "1:4 GW0101", "never closed"},
      {"not UTF-8", "a: \xC3\xA9 # \xFF\n", "1:8 GW0106", "0xff"},
      {"cut character", "a: b\nc: \xF0\x9F\x98", "2:4 GW0106", "0xf0"},
      {"UTF-16",
       std::string("\xFF\xFE"
                   "a\0",
                   4),
       "1:1 GW0106", "0xff"},
      {"NUL", nul, "2:5 GW0106", "0x00"},
      {"end of transmission",
       "a: b\n\x04"
       "c: d\n",
       "2:1 GW0106", "0x04"},
      {"control character, json", "{\"a\": \"\x07\"}", "1:8 GW0106", "0x07", "f.json"},
      {"half a pair", "{\"a\": \"\\ud800\"}", "1:8 GW0102", "surrogate", "f.json"},
      {"comma at the end", "{\"a\": 1,}", "1:9 GW0102", "key in quotes", "f.json"},
      {"after non-ASCII", "é😀: [*x]\n", "1:6 GW0101", "anchor"},
  };
}

TEST(Read, WhatIsNotSoundIsRefusedWithPlaceAndWayOut) {
  for (const Row& row : rows()) {
    const auto start = std::chrono::steady_clock::now();
    const Read made = read(row.bytes, row.file);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << row.name;
    ASSERT_FALSE(made.findings.empty()) << row.name;
    const Finding& finding = made.findings.front();
    EXPECT_EQ(fmt::format("{}:{} {}", finding.line, finding.column, finding.id), row.place_and_id) << row.name;
    EXPECT_THAT(finding.message, HasSubstr(row.message)) << row.name;
    EXPECT_FALSE(finding.fix.empty()) << row.name;
  }
}

TEST(Read, TabsAreNamed) { EXPECT_THAT(read("a:\n\tb: c\n").findings.at(0).fix, HasSubstr("line 2 with spaces")); }

TEST(Read, WhatEditorsAddIsNoFault) {
  for (const auto& [name, bytes] :
       std::vector<std::pair<const char*, std::string>>{{"f.yaml",
                                                         "\xEF\xBB\xBF"
                                                         "a: 1\n"},
                                                        {"f.json", "\xEF\xBB\xBF{\"a\": 1}"},
                                                        {"f.yaml", "a: 1\r\nb: 2\r\n"},
                                                        {"f.yaml", "# only a comment\n---\n---\na: 1\n"},
                                                        {"f.yaml", "a: \"x\" # it's \"fine\"\n"},
                                                        {"f.yaml", "a: 'it''s'"},
                                                        {"f.yaml", "a: \"\\\"\""},
                                                        {"f.yaml", "a: |\n  \"text\n"}}) {
    const Read made = read(bytes, name);
    EXPECT_TRUE(made.whole && made.findings.empty()) << bytes;
    EXPECT_EQ(made.documents.size(), 1U) << bytes;
  }
}

TEST(Read, ColumnsCountCharacters) {
  const Read made = read("{é: x, 😀: {b: y}, c: z}\n# é\nd: 1\n");
  const Read flat = read("é: {😀: x, b: y}\nc: z\n");
  const Value& first = flat.documents.at(0).root.members.at(0).value;
  EXPECT_EQ(first.members.at(0).value.at, (Position{1, 8}));
  EXPECT_EQ(first.members.at(1).at, (Position{1, 11}));
  EXPECT_EQ(flat.documents.at(0).root.members.at(1).value.at, (Position{2, 4}));
}

/// A file cut at any byte is refused or read, and never takes the program along.
TEST(Read, CutAnywhere) {
  const std::string yaml =
      "a: &x [1, \"é\", 'it''s', {b: c}]\nb: *x\n<<: {k: 1}\nt: |\n  text\n---\n- !!str 1\n- ~\n- 0x1F\n";
  const std::string json = R"({"a": [1, -2.5e3, true, null, "é\n\ud83d\ude00"], "b": {"c": {}}} [] 1)";
  for (const auto& [name, text] : {std::pair{"f.yaml", yaml}, std::pair{"f.json", json}})
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      const Read made = read(std::string_view(text).substr(0, cut), name);
      if (made.whole) continue;
      ASSERT_FALSE(made.findings.empty()) << name << ' ' << cut;
      EXPECT_GT(made.findings.back().line, 0U) << name << ' ' << cut;
      EXPECT_GT(made.findings.back().column, 0U) << name << ' ' << cut;
    }
}

TEST(Read, LimitsHold) {
  EXPECT_EQ(read("a: 1\n", "f.yaml", {.bytes = 4}).findings.at(0).id, "GW0105");
  EXPECT_EQ(read("{\"a\":1}", "f.json", {.bytes = 4}).findings.at(0).id, "GW0105");
}

}  // namespace
}  // namespace pintle::api
