#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "src/app/cli_values.hpp"
#include "src/app/quickstart.hpp"
#include "src/app/terminal.hpp"
#include "src/app/url.hpp"

namespace pintle::app {
namespace {

TEST(Values, Durations) {
  const std::pair<const char*, std::int64_t> good[] = {{"0s", 0}, {"1h", 3'600'000}, {"1m30s", 90'000}, {"500ms", 500}};
  for (const auto& [text, millis] : good) EXPECT_EQ(parse_duration(text).value().count(), millis) << text;
  for (const char* text : {"", "5", "s", "-1s", "1.5s", "1d", "1s ", "99999999999s"})
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

TEST(Values, BackendOverrides) {
  for (const char* text : {"", "a", "a/b:80", "a/b=1.2.3.4:80", "/b:80=1.2.3.4:80", "a/:80=1.2.3.4:80",
                           "a/b:0=1.2.3.4:80", "a/b:80=name:80", "a/b:80=1.2.3.4:0", "a/b:80=1.2.3.4"})
    EXPECT_FALSE(parse_backend_override(text).has_value()) << text;
  EXPECT_EQ(to_string(parse_backend_override("a/b:80=localhost:1").value().address), "127.0.0.1:1");
}

TEST(Values, Pairs) {
  for (const char* text : {"", "a", "=b"}) EXPECT_FALSE(parse_pair(text).has_value()) << text;
  EXPECT_EQ(parse_pair("a/b=c=d,e").value(), std::pair(std::string("a/b"), std::string("c=d,e")));
  EXPECT_EQ(parse_pair("a=").value().second, "");
}

TEST(Values, PortRanges) {
  for (const char* text : {"", "20000", "80-90", "20001-20000", "20000-70000", "a-b", "20000-"})
    EXPECT_FALSE(parse_port_range(text).has_value()) << text;
  EXPECT_EQ(parse_port_range("20000-20000").value().size(), 1U);
}

TEST(Values, Nearest) {
  EXPECT_EQ(nearest("statsu", {"status", "serve"}), "status");
  EXPECT_EQ(nearest("zzz", {"status", "serve"}), "");
}

TEST(Values, Urls) {
  struct Row {
    const char* text;
    const char* scheme;
    const char* host;
    int port;
    const char* target;
  };
  const Row good[] = {{"http://Shop.localhost:8080/a?b#c", "http", "shop.localhost", 8080, "/a?b"},
                      {"https://a", "https", "a", 443, "/"},
                      {"shop.localhost/x", "http", "shop.localhost", 80, "/x"},
                      {"HTTP://[::1]:81?q", "http", "[::1]", 81, "/?q"},
                      {"a/b?u=http://c", "http", "a", 80, "/b?u=http://c"},
                      {"http://a/../%2e b", "http", "a", 80, "/../%2e b"}};
  for (const Row& row : good) {
    const auto url = parse_url(row.text);
    ASSERT_TRUE(url.has_value()) << row.text;
    EXPECT_EQ(url->scheme, row.scheme) << row.text;
    EXPECT_EQ(url->host, row.host) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
  }
  for (const char* text : {"", "ftp://a/", "http://", "http://a:0/", "http://a:99999/", "http://u:p@a/"})
    EXPECT_FALSE(parse_url(text).has_value()) << text;
  EXPECT_EQ(decode_query_component(encode_query_component("a b&c=d%+\x01\xff")), "a b&c=d%+\x01\xff");
}

TEST(Values, PrintableEscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\x7f"), "a\\x1b[31mb\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m\xff\xc3"),
            "\\xc2\\x9b31m\\xff\\xc3");
}

TEST(Values, TablesAlign) {
  std::ostringstream out;
  TextTable table({"A", "LONG", "C"});
  table.add({"value", "", "x"});
  table.print({.out = out, .err = out});
  EXPECT_EQ(out.str(), "A      LONG  C\nvalue        x\n");
}

TEST(Values, TheBuiltInManifestsAreTheExample) {
  for (const QuickstartFile& file : quickstart_files()) {
    std::ifstream in(std::string(PINTLE_SOURCE_DIR) + "/examples/quickstart/" + std::string(file.name));
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), file.text) << file.name;
  }
  EXPECT_EQ(quickstart_files().size(), 4U);
}

}  // namespace
}  // namespace pintle::app
