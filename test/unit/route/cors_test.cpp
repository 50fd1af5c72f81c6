#include <gtest/gtest.h>

#include <pintle/route/cors.hpp>

namespace pintle::route {
namespace {

TEST(OriginPattern, CoversByHTTPCORSFilterAllowOrigins) {
  const struct {
    const char* pattern;
    const char* origin;
    bool covered;
  } rows[] = {
      {"https://www.foo.com", "https://www.foo.com", true},
      {"https://www.foo.com", "https://WWW.Foo.com", true},
      {"https://www.foo.com", "https://www.foo.com:443", true},
      {"https://www.foo.com", "https://www.foo.com:8443", false},
      {"https://www.foo.com", "http://www.foo.com", false},
      {"https://www.foo.com", "https://foo.com", false},
      {"https://www.foo.com", "https://www.foo.com.evil.example", false},
      {"https://www.foo.com", "https://evil-www.foo.com", false},
      {"http://www.foo.com:8080", "http://www.foo.com:8080", true},
      {"http://www.foo.com:8080", "http://www.foo.com", false},
      {"https://*.bar.com", "https://www.bar.com", true},
      {"https://*.bar.com", "https://xpto.www.bar.com", true},
      {"https://*.bar.com", "https://bar.com", false},
      {"https://*.bar.com", "https://.bar.com", false},
      {"https://*.bar.com", "https://evilbar.com", false},
      {"https://*.bar.com", "https://www.bar.com.evil.example", false},
      {"https://*.bar.com:8443", "https://www.bar.com:8443", true},
      {"https://*.bar.com:8443", "https://www.bar.com", false},
      {"http://*", "http://any.example", true},
      {"http://*", "https://any.example", false},
      {"http://*", "http://[::1]", true},
      {"http://a", "null", false},
      {"http://a", "", false},
      {"http://a", "http://a/b", false},
      {"http://a", "ftp://a", false},
      {"http://a", "http://a:x", false},
  };
  for (const auto& row : rows) {
    Cors cors;
    const auto pattern = parse_origin_pattern(row.pattern);
    ASSERT_TRUE(pattern) << row.pattern;
    cors.origins.push_back(*pattern);
    EXPECT_EQ(allows_origin(cors, row.origin), row.covered) << row.pattern << " on " << row.origin;
  }
}

TEST(OriginPattern, RefusesWhatIsNone) {
  for (const char* text : {"", "*", "foo.com", "ftp://foo.com", "https://", "https://foo.com/", "https://foo.com:x",
                           "https://a.*.com", "https://*.*.com"})
    EXPECT_FALSE(parse_origin_pattern(text)) << text;
}

TEST(Cors, StarAllowsEveryOriginAndNullToo) {
  Cors cors;
  EXPECT_FALSE(allows_origin(cors, "https://a.example"));
  cors.any_origin = true;
  for (const char* origin : {"https://a.example", "http://a.example:8080", "null"})
    EXPECT_TRUE(allows_origin(cors, origin)) << origin;
}

}  // namespace
}  // namespace pintle::route
