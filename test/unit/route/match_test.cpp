#include <gtest/gtest.h>

#include <pintle/route/match.hpp>

#include "test/unit/route/requests.hpp"

namespace pintle::route::testing {
namespace {

struct PathRow {
  PathMatch match;
  const char* path;
  bool matches;
};

TEST(MatchesPath, IsPerSegment) {
  const PathRow rows[] = {
      {prefix("/"), "/", true},
      {prefix("/"), "/foo/bar", true},
      {prefix("/foo"), "/foo", true},
      {prefix("/foo"), "/foo/", true},
      {prefix("/foo"), "/foo/x", true},
      {prefix("/foo"), "/foobar", false},
      {prefix("/foo"), "/Foo", false},
      {prefix("/foo"), "/fo", false},
      {prefix("/foo"), "/", false},
      {prefix("/foo/"), "/foo", true},  // the trailing slash of a prefix does not count
      {prefix("/foo/"), "/foo/", true},
      {prefix("/foo/"), "/foo/x", true},
      {prefix("/foo/"), "/foobar", false},
      {prefix("/a/b"), "/a/b/c", true},
      {prefix("/a/b"), "/a/bc", false},
      {exact("/foo"), "/foo", true},
      {exact("/foo"), "/foo/", false},  // but that of an exact path does
      {exact("/foo/"), "/foo", false},
      {exact("/foo"), "/Foo", false},
      {exact("/"), "/", true},
      {exact("/"), "/x", false},
      {path_regex("/v[0-9]+"), "/v12", true},
      {path_regex("/v[0-9]+"), "/v12/x", false},  // the whole path
      {path_regex("/v[0-9]+"), "/x/v12", false},
      {path_regex("/a|/b"), "/b", true},
      {path_regex("/a|/b"), "/bc", false},
      {path_regex("/a.*"), "/a", true},
      {path_regex("(?i)/a"), "/A", true},
  };
  for (const PathRow& row : rows)
    EXPECT_EQ(matches_path(row.match, row.path), row.matches) << row.match.value << " on " << row.path;
}

TEST(Regex, MatchesBytesAndLineFeeds) {
  // A rule that is meant to catch everything must catch what is no UTF-8 and what holds a line feed.
  EXPECT_TRUE(regex("admin.*").matches("admin\xff"));
  EXPECT_TRUE(regex("admin.*").matches("admin\nx"));
  EXPECT_TRUE(regex("[^a]+").matches("\x80\xff"));
  EXPECT_FALSE(regex("ab").matches("xaby"));
  EXPECT_EQ(regex("a+b").pattern(), "a+b");
}

TEST(Regex, RefusesWithATextForPeople) {
  const struct {
    const char* pattern;
    ErrorCode code;
    const char* text;
  } rows[] = {
      {"(", ErrorCode::InvalidArgument, "not a regular expression in RE2 syntax: missing ): ("},
      {"a**", ErrorCode::InvalidArgument, "bad repetition operator: **"},
      {"(?=x)", ErrorCode::InvalidArgument, "invalid perl operator: (?="},
      {"(a)\\1", ErrorCode::InvalidArgument, "invalid escape sequence: \\1"},
      {"a{1,5000}", ErrorCode::TooLarge, "the regular expression is too large"},
      {"((a{1,100}){1,100}){1,100}", ErrorCode::TooLarge, "use fewer or smaller repetitions"},
  };
  for (const auto& row : rows) {
    const Result<Regex> compiled = Regex::compile(row.pattern);
    ASSERT_FALSE(compiled) << row.pattern;
    EXPECT_EQ(compiled.error().code, row.code) << row.pattern << ": " << compiled.error().context;
    EXPECT_NE(compiled.error().context.find(row.text), std::string::npos) << compiled.error().context;
  }
}

// One that looks for a way by trying them all would not come to an end here.
TEST(Regex, TimeGrowsWithTheLengthAlone) {
  const std::string long_value(std::size_t{64} * 1024, 'a');
  for (const char* pattern : {"(a+)+b", "(a|a)*b", "(.*)*b", "(a?){50}a{50}b"})
    EXPECT_FALSE(regex(pattern).matches(long_value)) << pattern;
}

TEST(Regex, DefaultValueMatchesNothing) {
  EXPECT_FALSE(Regex().matches(""));
  EXPECT_EQ(Regex().pattern(), "");
}

TEST(MatchesRest, Method) {
  Match match;
  match.method = "GET";
  EXPECT_TRUE(matches_rest(match, Request("GET", "h", "/").view()).matched());
  EXPECT_EQ(matches_rest(match, Request("get", "h", "/").view()).failed, Condition::Method);
  EXPECT_EQ(matches_rest(match, Request("HEAD", "h", "/").view()).failed, Condition::Method);
  EXPECT_TRUE(matches_rest(Match{}, Request("ANY", "h", "/").view()).matched());
}

struct FieldRow {
  FieldMatch match;
  Lines lines;
  bool matches;
};

TEST(MatchesRest, Headers) {
  const std::string long_value(800, 'a');
  const FieldRow rows[] = {
      {header("version", "two"), {{"Version", "two"}}, true},
      {header("version", "two"), {{"VERSION", "two"}}, true},
      {header("version", "two"), {{"version", "Two"}}, false},
      {header("version", "two"), {{"version", "two "}}, false},
      {header("version", "two"), {{"versions", "two"}}, false},
      {header("version", "two"), {}, false},
      {header("version", ""), {}, false},  // absent is not empty
      {header("version", ""), {{"version", ""}}, true},
      {header("x", "a,b"), {{"X", "a"}, {"other", "1"}, {"x", "b"}}, true},  // repeated lines are one value
      {header("x", "a"), {{"x", "a"}, {"x", "b"}}, false},
      {header("x", "b"), {{"x", "a"}, {"x", "b"}}, false},
      {header("x", "a,b"), {{"x", "a,b"}}, true},
      {header("x", "a,b,c"), {{"x", "a"}, {"x", "b"}}, false},
      {header("x", "a,"), {{"x", "a"}, {"x", ""}}, true},
      {header("user-agent", "curl"), {{"User-Agent", "curl"}}, true},  // a field the gateway knows by id
      {header("user-agent", "curl"), {{"Accept", "curl"}}, false},
      {header("cookie", "a=1; b=2"), {{"cookie", "a=1"}, {"cookie", "b=2"}}, true},  // RFC 9113 section 8.2.3
      {header_regex("x", "a.*"), {{"x", "abc"}}, true},
      {header_regex("x", "a.*"), {{"x", "xabc"}}, false},
      {header_regex("x", "a,b+"), {{"x", "a"}, {"x", "bb"}}, true},
      {header_regex("x", "a"), {}, false},
      {header_regex("x", ".*"), {}, false},
      {header_regex("x", "a+,a+,b"), {{"x", long_value}, {"x", long_value}, {"x", "b"}}, true},
      {header_regex("x", "a+,a+"), {{"x", long_value}, {"x", long_value}, {"x", "b"}}, false},
  };
  for (const FieldRow& row : rows) {
    Match match;
    match.headers = {row.match};
    const Request request("GET", "h", "/", row.lines);
    EXPECT_EQ(matches_rest(match, request.view()).matched(), row.matches)
        << row.match.name << " = " << row.match.value << " on " << row.lines.size() << " lines";
  }
}

TEST(MatchesRest, Queries) {
  const std::string encoded = "/?k=" + std::string(3000, '+') + "x";
  const struct {
    FieldMatch match;
    std::string target;
    bool matches;
  } rows[] = {
      {query("animal", "whale"), "/?animal=whale", true},
      {query("animal", "whale"), "/?a=b&animal=whale&c", true},
      {query("animal", "whale"), "/?Animal=whale", false},
      {query("animal", "whale"), "/?animal=Whale", false},
      {query("animal", "whale"), "/?animal=whales", false},
      {query("animal", "whale"), "/?animals=whale", false},
      {query("animal", "whale"), "/", false},
      {query("animal", "whale"), "/?", false},
      {query("animal", "whale"), "/?animal=whale&animal=dolphin", true},  // the first value of a repeated name
      {query("animal", "whale"), "/?animal=dolphin&animal=whale", false},
      {query("animal", ""), "/?animal", true},
      {query("animal", ""), "/?animal=", true},
      {query("animal", ""), "/?x", false},
      {query("animal", "a=b"), "/?animal=a=b", true},
      {query("animal", "blue whale"), "/?animal=blue%20whale", true},
      {query("animal", "blue whale"), "/?animal=blue+whale", true},
      {query("animal", "a+b"), "/?animal=a%2Bb", true},
      {query("animal", "a+b"), "/?animal=a+b", false},
      {query("animal", "a&b"), "/?animal=a%26b", true},
      {query("animal", "100%"), "/?animal=100%", true},  // no escape: stands for itself
      {query("animal", "%zz"), "/?animal=%zz", true},
      {query("an imal", "x"), "/?an%20imal=x", true},
      {query("animal", "whale"), "/?%61nimal=%77hale", true},
      {query("animal", "whale"), "/?&&animal=whale&&", true},
      {query_regex("k", "[0-9]+"), "/?k=42", true},
      {query_regex("k", "[0-9]+"), "/?k=42a", false},
      {query_regex("k", "a b"), "/?k=a%20b", true},
      {query_regex("k", " +x"), encoded, true},
      {query_regex("k", " +y"), encoded, false},
  };
  for (const auto& row : rows) {
    Match match;
    match.queries = {row.match};
    EXPECT_EQ(matches_rest(match, Request("GET", "h", row.target).view()).matched(), row.matches)
        << row.match.name << "=" << row.match.value << " on " << row.target.substr(0, 60);
  }
}

TEST(MatchesAll, NamesTheFirstConditionThatFailed) {
  Match match;
  match.path = prefix("/a");
  match.method = "GET";
  match.headers = {header("x", "1"), header("y", "1")};
  match.queries = {query("q", "1")};
  const struct {
    const char* method;
    const char* target;
    Lines lines;
    Condition failed;
    int index;
  } rows[] = {
      {"PUT", "/b", {}, Condition::Path, 0},
      {"PUT", "/a", {}, Condition::Method, 0},
      {"GET", "/a", {}, Condition::Header, 0},
      {"GET", "/a", {{"x", "1"}}, Condition::Header, 1},
      {"GET", "/a", {{"x", "1"}, {"y", "1"}}, Condition::Query, 0},
      {"GET", "/a?q=1", {{"x", "1"}, {"y", "1"}}, Condition::None, 0},
  };
  for (const auto& row : rows) {
    const Request request(row.method, "h", row.target, row.lines);
    const MatchResult result = matches_all(match, request.view());
    EXPECT_EQ(result.failed, row.failed);
    EXPECT_EQ(result.index, row.index);
  }
}

}  // namespace
}  // namespace pintle::route::testing
