#include "src/app/demo_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "src/app/explain_walk.hpp"
#include "test/unit/app/scene.hpp"

namespace pintle::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr DemoPorts ports{.http = 8080, .https = 8443};

[[nodiscard]] Json walk_of(const DemoRequest& request) {
  ExplainRequest asked;
  asked.url = url_of(request, ports);
  if (!request.header.empty()) asked.headers.push_back(request.header);
  return explain_request(make_scene(), asked).value();
}
[[nodiscard]] FetchResponse response(unsigned status, std::string body) {
  FetchResponse made;
  made.status = status;
  made.body = std::move(body);
  made.time = std::chrono::microseconds(430);
  return made;
}
[[nodiscard]] DemoRequest request(std::string host, unsigned status) {
  DemoRequest made;
  made.host = std::move(host);
  made.status = status;
  return made;
}

TEST(DemoTable, RowsTellRouteBackendAndTime) {
  const DemoRequest plain = request("shop.localhost", 200);
  const DemoRow row = make_row(plain, ports, response(200, R"({"pod": "shop-v1"})"), walk_of(plain));
  EXPECT_EQ(row.fault, "");
  EXPECT_THAT(row.cells, ElementsAre("GET shop.localhost:8080/", "default/shop rule 1: prefix /", "shop-v1 (90 %)",
                                     "200", "0.4 ms"));
  EXPECT_EQ(row.cells.size(), demo_columns().size());
}

TEST(DemoTable, WhatNoRuleTookSaysWhy) {
  const DemoRequest lost = request("nobody.localhost", 404);
  const DemoRow row = make_row(lost, ports, response(404, "no route\n"), walk_of(lost));
  EXPECT_EQ(row.fault, "");
  EXPECT_EQ(row.cells[1], "none: no route has this host");
  EXPECT_EQ(row.cells[2], "-");
}

TEST(DemoTable, WhatIsNotAsExpectedIsAFault) {
  DemoRequest canary = request("shop.localhost", 200);
  canary.header = "x-canary: yes";
  canary.pod = "shop-v2";
  EXPECT_EQ(make_row(canary, ports, response(200, R"({"pod": "shop-v2"})"), walk_of(canary)).fault, "");
  EXPECT_THAT(make_row(canary, ports, response(200, R"({"pod": "shop-v1"})"), walk_of(canary)).fault,
              HasSubstr("answered by 'shop-v1', but the example gives shop-v2"));
  EXPECT_THAT(make_row(canary, ports, response(503, ""), walk_of(canary)).fault, HasSubstr("status 503"));
  const DemoRow silent = make_row(canary, ports, make_error(ErrorCode::Unreachable, "refused"), Json::object());
  EXPECT_THAT(silent.fault, HasSubstr("GET shop.localhost:8080/ (x-canary: yes): no answer: refused"));
  EXPECT_EQ(silent.cells.size(), demo_columns().size());
}

TEST(DemoTable, TheRequestsShowTheStoryOfTheExample) {
  EXPECT_EQ(demo_requests().back().status, 404U) << "the explained one";
  bool secure = false;
  for (const DemoRequest& one : demo_requests()) {
    const FetchRequest fetch = fetch_of(one, ports, "/state/ca.crt");
    EXPECT_EQ(fetch.address.port, one.scheme == "https" ? 8443 : 8080);
    EXPECT_EQ(fetch.ca_file.empty(), one.scheme != "https") << "https is verified";
    secure = secure || one.scheme == "https";
  }
  EXPECT_TRUE(secure);
}

}  // namespace
}  // namespace pintle::app
