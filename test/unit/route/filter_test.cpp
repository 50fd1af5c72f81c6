#include <gtest/gtest.h>

#include <pintle/route/filter.hpp>

namespace pintle::route {
namespace {

TEST(ModifyPath, TableOfHTTPPathModifier) {
  const struct {
    const char* path;
    const char* prefix;
    const char* replacement;
    const char* modified;
  } rows[] = {
      // The eleven rows of the API.
      {"/foo/bar", "/foo", "/xyz", "/xyz/bar"},
      {"/foo/bar", "/foo", "/xyz/", "/xyz/bar"},
      {"/foo/bar", "/foo/", "/xyz", "/xyz/bar"},
      {"/foo/bar", "/foo/", "/xyz/", "/xyz/bar"},
      {"/foo", "/foo", "/xyz", "/xyz"},
      {"/foo/", "/foo", "/xyz", "/xyz/"},
      {"/foo/bar", "/foo", "", "/bar"},
      {"/foo/", "/foo", "", "/"},
      {"/foo", "/foo", "", "/"},
      {"/foo/", "/foo", "/", "/"},
      {"/foo", "/foo", "/", "/"},
      // What follows from them.
      {"/foo/bar", "/foo", "/", "/bar"},
      {"/foo", "/foo/", "/xyz", "/xyz"},
      {"/foo/", "/foo", "/xyz/", "/xyz/"},
      {"/foo", "/foo", "/xyz/", "/xyz/"},
      {"/foo/bar/", "/foo", "/xyz", "/xyz/bar/"},
      {"/foo/bar", "/foo/bar", "/a/b/c", "/a/b/c"},
      {"/bar", "/", "/xyz", "/xyz/bar"},
      {"/", "/", "/xyz", "/xyz/"},
      {"/bar", "/", "/", "/bar"},
      {"/", "/", "", "/"},
      {"/foo/bar", "/foo", "xyz", "/xyz/bar"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(modify_path(ReplacePrefixMatch{row.prefix, row.replacement}, row.path), row.modified)
        << row.path << ", " << row.prefix << " -> '" << row.replacement << "'";
}

TEST(ModifyPath, FullAndNone) {
  EXPECT_EQ(modify_path(ReplaceFullPath{"/one"}, "/a/b"), "/one");
  EXPECT_EQ(modify_path(ReplaceFullPath{""}, "/a/b"), "/");
  EXPECT_EQ(modify_path(PathModifier{}, "/a/b"), "/a/b");
}

TEST(MakeLocation, PortRules) {
  struct Row {
    const char* request_scheme;
    std::uint16_t listener_port;
    std::optional<std::string> scheme;
    std::optional<std::uint16_t> port;
    const char* location;
  };
  const Row rows[] = {
      // Neither scheme nor port: the scheme of the request, the listener's port, hidden where it is the scheme's own.
      {"http", 80, {}, {}, "http://h/p"},
      {"http", 8080, {}, {}, "http://h:8080/p"},
      {"http", 443, {}, {}, "http://h:443/p"},
      {"https", 443, {}, {}, "https://h/p"},
      {"https", 8443, {}, {}, "https://h:8443/p"},
      {"https", 80, {}, {}, "https://h:80/p"},
      // A scheme and no port: the scheme's well-known port, whatever the listener's is.
      {"http", 80, "https", {}, "https://h/p"},
      {"http", 8080, "https", {}, "https://h/p"},
      {"http", 8080, "http", {}, "http://h/p"},
      {"https", 443, "http", {}, "http://h/p"},
      {"https", 8443, "https", {}, "https://h/p"},
      // A scheme without a well-known port: the listener's.
      {"http", 8080, "gopher", {}, "gopher://h:8080/p"},
      // A port: that one, hidden where it is the scheme's own.
      {"http", 8080, {}, 80, "http://h/p"},
      {"http", 80, {}, 443, "http://h:443/p"},
      {"http", 80, {}, 8083, "http://h:8083/p"},
      {"https", 443, {}, 443, "https://h/p"},
      {"https", 443, {}, 80, "https://h:80/p"},
      {"http", 80, "https", 443, "https://h/p"},
      {"http", 80, "https", 8443, "https://h:8443/p"},
      {"https", 443, "http", 80, "http://h/p"},
      {"https", 443, "http", 8080, "http://h:8080/p"},
      {"http", 80, "http", 443, "http://h:443/p"},
      {"http", 80, "https", 80, "https://h:80/p"},
  };
  for (const Row& row : rows) {
    Redirect redirect;
    redirect.scheme = row.scheme;
    redirect.port = row.port;
    EXPECT_EQ(make_location(redirect, {row.request_scheme, "h", "/p", "", row.listener_port}), row.location)
        << row.request_scheme << " on " << row.listener_port << ", scheme " << row.scheme.value_or("-") << ", port "
        << row.port.value_or(0);
  }
}

TEST(MakeLocation, HostPathQuery) {
  Redirect redirect;
  redirect.hostname = "example.org";
  EXPECT_EQ(make_location(redirect, {"http", "h", "/a/b", "x=1&y", 80}), "http://example.org/a/b?x=1&y");
  redirect.path = ReplacePrefixMatch{"/a", "/z"};
  EXPECT_EQ(make_location(redirect, {"http", "h", "/a/b", "x=1", 80}), "http://example.org/z/b?x=1");
  redirect.path = ReplaceFullPath{"/full"};
  EXPECT_EQ(make_location(redirect, {"http", "h", "/a/b", "", 8080}), "http://example.org:8080/full");
  EXPECT_EQ(make_location({}, {"http", "[::1]", "/", "", 8080}), "http://[::1]:8080/");
  EXPECT_EQ(make_location({}, {"http", "::1", "/", "", 80}), "http://[::1]/");
  // Without a host only a reference to the path can be given; it must not turn into another authority.
  EXPECT_EQ(make_location({}, {"http", "", "/a", "q", 80}), "/a?q");
  EXPECT_EQ(make_location({}, {"http", "", "//evil.example/a", "", 80}), "/.//evil.example/a");
}

TEST(Forward, ChoosesByWeightInterval) {
  Forward forward;
  for (const std::uint32_t weight : {0U, 3U, 0U, 1U, 2U, 0U}) {
    WeightedBackend backend;
    backend.weight = weight;
    backend.name = std::to_string(forward.backends.size());
    forward.total_weight += weight;
    forward.backends.push_back(std::move(backend));
  }
  std::string chosen;
  for (std::uint64_t point = 0; point < forward.total_weight; ++point) chosen += forward.choose(point).name;
  EXPECT_EQ(chosen, "111344");
}

TEST(Forward, WeightsAddUpBeyond32Bits) {
  Forward forward;
  for (int i = 0; i < 3; ++i) {
    WeightedBackend backend;
    backend.weight = UINT32_MAX;
    backend.name = std::to_string(i);
    forward.total_weight += backend.weight;
    forward.backends.push_back(std::move(backend));
  }
  EXPECT_EQ(forward.choose(std::uint64_t{UINT32_MAX} * 2).name, "2");
  EXPECT_EQ(forward.choose(forward.total_weight - 1).name, "2");
}

}  // namespace
}  // namespace pintle::route
