#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <pintle/http/target.hpp>

namespace pintle::http {
namespace {

#ifdef __OPTIMIZE__
constexpr int cases = 1'000'000;
#else
constexpr int cases = 100'000;
#endif

struct Normalised {
  unsigned status = 0;
  unsigned requirement = 0;
  std::string path;
  bool changed = false;
};
Normalised normalise(std::string text, const PathRules& rules = {}) {
  const NormalisedPath result = normalise_path(text, rules);
  return {result.refusal.status, result.refusal.requirement, std::string(result.path), result.changed};
}

struct Row {
  std::string_view in;
  std::string_view out;  ///< empty: refused
};

TEST(NormalisePath, Table) {
  constexpr Row rows[] = {
      {"/", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/b/../c", "/a/c"},
      {"/a/..", "/"},
      {"/a/b/.", "/a/b/"},
      {"/a/b/..", "/a/"},
      {"//", "/"},
      {"/a///b//", "/a/b/"},
      {"/%61", "/a"},
      {"/%7E%2d%5F%2e", "/~-_."},
      {"/%2e/a", "/a"},
      {"/a/%2E%2e/b", "/b"},
      {"/%2f%5c%3b", "/%2F%5C%3B"},
      {"/%25%32%65", "/%252e"},
      {"/%c3%A9", "/%C3%A9"},
      {"/a;x/..b/...", "/a;x/..b/..."},
      {"", ""},
      {"a", ""},
      {"*", ""},
      {"/..", ""},
      {"/a/../..", ""},
      {"/%2e%2e", ""},
      {"/%00", ""},
      {"/%", ""},
      {"/%4", ""},
      {"/%4x", ""},
      {"/a?b", ""},
      {"/a#b", ""},
      {"/a\\b", ""},
      {"/a b", ""},
      {"/\x80", ""},
      {"/..;/a", ""},
      {"/a/..;x", ""},
      {"/.;", ""},
      {"/a%2f../b", ""},
      {"/a/..%2Fb", ""},
      {"/a%5c..", ""},
      {"/%2f.", ""},
  };
  for (const Row& row : rows) {
    const Normalised got = normalise(std::string(row.in));
    EXPECT_EQ(got.path, row.out) << row.in;
    EXPECT_EQ(got.status, row.out.empty() ? 400U : 0U) << row.in;
    if (!row.out.empty()) EXPECT_EQ(got.changed, row.in != row.out) << row.in;
  }
}

TEST(NormalisePath, KeepsDoubleSlashesWhereAsked) {
  constexpr PathRules keep{.slashes = Slashes::Keep};
  constexpr Row rows[] = {
      {"//", "//"}, {"/a//b", "/a//b"}, {"/a//../b", "/a/b"}, {"/a/..//b", "//b"}, {"/a//", "/a//"}, {"//..", "/"},
  };
  for (const Row& row : rows) EXPECT_EQ(normalise(std::string(row.in), keep).path, row.out) << row.in;
}

TEST(NormalisePath, RefusesEscapedSlashWhereAsked) {
  constexpr PathRules refuse{.escaped_slash = EscapedSlash::Refuse};
  for (const char* path : {"/a%2fb", "/a%2Fb", "/a%5cb", "/a%5C"})
    EXPECT_EQ(normalise(path, refuse).status, 400U) << path;
  EXPECT_EQ(normalise("/a%20b", refuse).path, "/a%20b");
}

std::string random_path(std::mt19937& random) {
  static constexpr std::string_view pieces[] = {"/",   "//",  ".",   "..",  "%2e",    "%2E", "%2f", "%5C",
                                                "%25", "%61", "%3b", ";",   "a",      "b",   "x=1", "%c3",
                                                "-",   "~",   "%7e", "...", "%32%65", "%"};
  std::uniform_int_distribution<std::size_t> pick(0, std::size(pieces) - 1);
  std::uniform_int_distribution<int> length(0, 12);
  std::string path = "/";
  for (int i = length(random); i > 0; --i) path += pieces[pick(random)];
  if (random() % 64 == 0) path[random() % path.size()] = static_cast<char>(random());
  return path;
}

bool has_dot_segment(std::string_view path) {
  const std::string closed = std::string(path) + "/";
  return closed.find("/./") != std::string::npos || closed.find("/../") != std::string::npos;
}

// req 33
TEST(NormalisePath, IsIdempotentNeverLongerAndFreeOfDotSegments) {
  std::mt19937 random(20250601);  // NOLINT: the same cases each time
  int accepted = 0;
  for (int i = 0; i < cases; ++i) {
    const PathRules rules{.slashes = i % 2 == 0 ? Slashes::Merge : Slashes::Keep};
    const std::string path = random_path(random);
    const Normalised once = normalise(path, rules);
    if (once.status != 0) continue;
    ++accepted;
    const Normalised twice = normalise(once.path, rules);
    ASSERT_EQ(twice.status, 0U) << path;
    ASSERT_EQ(twice.path, once.path) << path;
    ASSERT_FALSE(twice.changed) << path;
    ASSERT_EQ(once.changed, once.path != path) << path;
    ASSERT_LE(once.path.size(), path.size());
    ASSERT_TRUE(once.path.starts_with('/'));
    ASSERT_FALSE(has_dot_segment(once.path)) << path;
    if (rules.slashes == Slashes::Merge) ASSERT_EQ(once.path.find("//"), std::string::npos) << path;
  }
  EXPECT_GT(accepted, cases / 10);
}

struct TargetRow {
  std::string_view text;
  Method method;
  TargetForm form;
  std::string_view authority;
  std::string_view path;
  std::string_view query;
  bool has_query;
};

TEST(ParseTarget, Forms) {
  constexpr TargetRow rows[] = {
      {"/a/b?c=d", Method::Get, TargetForm::Origin, "", "/a/b", "c=d", true},
      {"/a", Method::Get, TargetForm::Origin, "", "/a", "", false},
      {"/a?", Method::Get, TargetForm::Origin, "", "/a", "", true},
      {"//x/y", Method::Get, TargetForm::Origin, "", "//x/y", "", false},
      {"/a?b?c", Method::Get, TargetForm::Origin, "", "/a", "b?c", true},
      {"http://h:1/p?q", Method::Get, TargetForm::Absolute, "h:1", "/p", "q", true},
      {"HtTpS://h", Method::Get, TargetForm::Absolute, "h", "/", "", false},
      {"http://h?q", Method::Options, TargetForm::Absolute, "h", "/", "q", true},
      {"http://h", Method::Options, TargetForm::Absolute, "h", "*", "", false},
      {"http://h/", Method::Options, TargetForm::Absolute, "h", "/", "", false},
      {"*", Method::Options, TargetForm::Asterisk, "", "*", "", false},
      {"h:443", Method::Connect, TargetForm::Authority, "h:443", "", "", false},
  };
  for (const TargetRow& row : rows) {
    SCOPED_TRACE(row.text);
    Target target;
    ASSERT_FALSE(parse_target(row.text, row.method, target));
    EXPECT_EQ(target.form, row.form);
    EXPECT_EQ(target.authority, row.authority);
    EXPECT_EQ(target.path, row.path);
    EXPECT_EQ(target.query, row.query);
    EXPECT_EQ(target.has_query, row.has_query);
  }
}

TEST(ParseTarget, Refusals) {
  for (const char* text :
       {"", "a", "*x", "h:443", "ftp://h/", "http:/h", "http:h", "/#", "/a b", "/\\", "/%", "/%x1", "/?%1"}) {
    Target target;
    EXPECT_EQ(parse_target(text, Method::Get, target).status, 400U) << text;
  }
  for (unsigned c = 0; c < 256; ++c) {
    const bool bad = c <= 0x20 || c >= 0x7F || c == '#' || c == '\\' || c == '%';
    Target target;
    EXPECT_EQ(static_cast<bool>(parse_target(std::string("/a") + static_cast<char>(c), Method::Get, target)), bad) << c;
    EXPECT_EQ(static_cast<bool>(parse_target(std::string("/?") + static_cast<char>(c), Method::Get, target)), bad) << c;
  }
}

}  // namespace
}  // namespace pintle::http
