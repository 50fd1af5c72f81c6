#include <gtest/gtest.h>

#include <pintle/route/session.hpp>

namespace pintle::route {
namespace {

std::string path_of(PathKind kind, std::string value) {
  PathMatch match{.kind = kind, .value = value, .regex = {}};
  if (kind == PathKind::Regex) {
    auto regex = Regex::compile(value);
    EXPECT_TRUE(regex) << value;
    if (regex) match.regex = std::move(*regex);
  }
  return cookie_path(match);
}

TEST(CookiePath, IsThatOfTheMatch) {
  EXPECT_EQ(path_of(PathKind::Prefix, "/"), "/");
  EXPECT_EQ(path_of(PathKind::Prefix, "/shop"), "/shop");
  EXPECT_EQ(path_of(PathKind::Exact, "/shop/cart"), "/shop/cart");
  EXPECT_EQ(path_of(PathKind::Exact, "/"), "/");
}

// GEP-1619, "Path", 3: the longest part that is no expression; whole segments, so that each match lies under it.
TEST(CookiePath, OfAnExpressionIsWhatAllItsMatchesBeginWith) {
  struct Row {
    const char* pattern;
    const char* path;
  };
  constexpr Row rows[] = {
      {"/p1/p2/.*/p3", "/p1/p2"},
      {"/p1/p2/*/p3", "/p1/p2"},
      {"^/p1/p2/[0-9]+$", "/p1/p2"},
      {"/p1/p2", "/p1"},
      {"/p1/p2?", "/p1"},
      {"/p1/p2+", "/p1"},
      {"/p1/(a|b)", "/"},
      {"/a|/b", "/"},
      {".*", "/"},
      {"/p1/b{0,2}/c", "/p1"},
      {R"(/p1/v1\.0/x)", "/p1"},
      {"(?i)/p1/x", "/"},
      {"/p1/?x", "/"},
      {"/[ab]", "/"},
      {"/p1//*", "/p1"},
  };
  for (const Row& row : rows) EXPECT_EQ(path_of(PathKind::Regex, row.pattern), row.path) << row.pattern;
}

TEST(CookiePath, HoldsNothingThatEndsAnAttribute) {
  EXPECT_EQ(path_of(PathKind::Exact, "/a;b/c"), "/");
  EXPECT_EQ(path_of(PathKind::Prefix, "/x/a;b"), "/x");
  EXPECT_EQ(path_of(PathKind::Prefix, "/x/a b"), "/x");
  EXPECT_EQ(path_of(PathKind::Prefix, "/x/\r\nSet-Cookie: a"), "/x");
  EXPECT_EQ(path_of(PathKind::Prefix, "/x/\xC3\xA4"), "/x");
  EXPECT_EQ(path_of(PathKind::Prefix, ""), "/");
}

}  // namespace
}  // namespace pintle::route
