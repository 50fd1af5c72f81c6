#include "src/admin/respond.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pintle::admin {
namespace {

using testing::HasSubstr;

Sources all_sources() {
  Sources sources;
  sources.metrics = [] { return std::string("m 1\n"); };
  sources.readiness = [] {
    return std::vector<HealthCheck>{{"config", true, ""}, {"sockets", false, "port 80 is taken"}};
  };
  sources.config = [] { return std::string("{}"); };
  sources.status = [] { return std::string("[]"); };
  sources.routes = [] { return std::string("[1]"); };
  sources.findings = [] { return std::string("[2]"); };
  sources.explain = [](const ExplainQuery& query) -> Result<std::string> {
    if (query.url == "bad") return make_error(ErrorCode::InvalidArgument, "no URL");
    return query.method + " " + query.url + " " + std::to_string(query.headers.size()) + " " + query.sni;
  };
  return sources;
}

struct Row {
  std::string method;
  std::string target;
  unsigned status;
  std::string body_part;
};

TEST(Respond, Paths) {
  const Row rows[] = {
      {"GET", "/livez", 200, "ok"},
      {"GET", "/healthz?verbose", 200, "[+]ping ok"},
      {"GET", "/readyz", 503, "[-]sockets failed: port 80 is taken"},
      {"HEAD", "/metrics", 200, "m 1"},
      {"GET", "/config?x", 200, "{}"},
      {"GET", "/status", 200, "[]"},
      {"GET", "/routes", 200, "[1]"},
      {"GET", "/findings", 200, "[2]"},
      {"GET", "/explain?url=http%3A%2F%2Fa%2F&method=POST&header=a%3A+b&header=c:d&sni=s", 200, "POST http://a/ 2 s"},
      {"GET", "/explain", 400, "url is needed"},
      {"GET", "/explain?url=bad", 400, "no URL"},
      {"GET", "/explain?ulr=x", 400, "unknown parameter 'ulr'"},
      {"GET", "/nothing", 404, "/metrics"},
      {"GET", "/", 404, "/livez"},
      {"POST", "/config", 405, "read-only"},
      {"DELETE", "/metrics", 405, "read-only"},
  };
  for (const Row& row : rows) {
    const AdminResponse response =
        respond(all_sources(), {.method = row.method, .target = row.target, .host = "127.0.0.1:9801"});
    EXPECT_EQ(response.status, row.status) << row.target;
    EXPECT_THAT(response.body, HasSubstr(row.body_part)) << row.target;
  }
}

TEST(Respond, ReadyWhenAllChecksAreGood) {
  Sources sources;
  sources.readiness = [] { return std::vector<HealthCheck>{{"config", true, ""}}; };
  const AdminResponse response = respond(sources, {.method = "GET", .target = "/readyz", .host = "localhost"});
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.body, "ok\n");
}

TEST(Respond, AbsentSourcesAreAbsentPaths) {
  const AdminResponse response = respond({}, {.method = "GET", .target = "/metrics", .host = "localhost"});
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(nlohmann::json::parse(response.body).at("paths").size(), 3U);
}

TEST(Respond, OnLoopbackANameOfTheWebIsRefused) {
  for (const char* host : {"127.0.0.1:9801", "localhost", "localhost:1", "[::1]:9801", "[::1]", ""})
    EXPECT_EQ(respond({}, {.method = "GET", .target = "/livez", .host = host}).status, 200U) << host;
  for (const char* host : {"evil.example", "localhost.evil.example:9801", "127.0.0.1.evil.example"})
    EXPECT_EQ(respond({}, {.method = "GET", .target = "/livez", .host = host}).status, 421U) << host;
  EXPECT_EQ(respond({}, {.method = "GET", .target = "/livez", .host = "pintle.svc", .binding = Binding::Open}).status,
            200U);
}

}  // namespace
}  // namespace pintle::admin
