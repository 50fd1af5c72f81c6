#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "src/app/explain_walk.hpp"
#include "src/app/routes_list.hpp"
#include "test/unit/app/scene.hpp"

namespace pintle::app {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

struct Row {
  ExplainRequest request;
  bool served;
  int status;
  const char* reason;
  const char* text_part;
};

ExplainRequest get(std::string url) { return {.url = std::move(url), .method = "GET", .headers = {}, .sni = {}}; }

TEST(Explain, Answers) {
  const runtime::Compiled scene = make_scene();
  ExplainRequest canary = get("http://shop.localhost:8080/a");
  canary.headers = {"X-Canary: yes"};
  ExplainRequest post = get("http://shop.localhost:8080/post?q=2");
  post.method = "POST";
  ExplainRequest smuggle = get("http://shop.localhost:8080/");
  smuggle.headers = {"Content-Length: 1", "Transfer-Encoding: chunked"};
  ExplainRequest trace = get("http://shop.localhost:8080/");
  trace.method = "TRACE";
  ExplainRequest injected = get("http://shop.localhost:8080/ HTTP/1.1\r\nHost: shop.localhost\r\n\r\nGET /");
  ExplainRequest wrong_host = get("https://other.localhost:8443/");
  wrong_host.sni = "shop.localhost";
  ExplainRequest upper = get("http://SHOP.localhost:8080/%6fld/../half");
  const Row rows[] = {
      {canary, true, 0, "upstream", "> default/shop rule 0  prefix /, header x-canary = yes         takes it\n"},
      {canary, true, 0, "upstream", "its retries: 20 % of the requests of 10 s, at least 10 in 1 s\n"},
      {get("http://shop.localhost:8080/"), true, 0, "upstream",
       "x default/shop rule 0  prefix /, header x-canary = yes         there is no header x-canary\n"},
      {get("http://shop.localhost:8080/"), true, 0, "upstream", "default/shop-v1:80  weight 9 (90 %)  127.0.0.1:9000"},
      {post, true, 0, "upstream", "prefix /post, method POST, query q = 1  query q is '2'\n"},
      {get("http://shop.localhost:8080/post"), true, 0, "upstream",
       "prefix /post, method POST, query q = 1  the method is GET\n"},
      {get("http://shop.localhost:8080/gone"), false, 503, "no_endpoints", "default/empty:80 has no ready endpoint"},
      {get("http://shop.localhost:8080/forbidden"), false, 500, "ref_not_permitted", "no ReferenceGrant"},
      {get("http://shop.localhost:8080/half"), true, 0, "upstream",
       "answer    of the backend default/shop-v1:80 (50 %)\n          a part of the requests gets 500 "
       "ref_not_permitted: no"},
      {upper, true, 0, "upstream", "/half (normalised from /%6fld/../half)"},
      {get("http://shop.localhost:8080/filter"), false, 500, "filter_invalid", "filter of an unknown type"},
      {get("http://shop.localhost:8080/old?a"), true, 301, "redirect",
       "301 redirect to http://new.localhost:8080/old?a"},
      {get("http://nobody.localhost:8080/"), false, 404, "no_host", "there are routes for shop.localhost"},
      {get("http://example.com:8080/"), false, 404, "no_listener",
       "no listener of this port has the host 'example.com'"},
      {get("http://shop.localhost/"), false, 0, "connection_refused",
       "no answer, connection_refused: nothing listens on port 80; Gateways listen on 8080 (default/demo)"},
      {get("http://shop.localhost:8443/"), false, 0, "tls_failed", "port 8443 speaks TLS"},
      {get("https://shop.localhost:8080/"), false, 0, "tls_failed", "port 8080 speaks plain HTTP"},
      {get("https://shop.localhost:8443/"), true, 0, "upstream", "certificate default/tls"},
      {get("https://example.com:8443/"), false, 0, "tls_failed", "unrecognized_name"},
      {wrong_host, false, 421, "misdirected", "the host belongs to listener 'https-other'"},
      {smuggle, false, 400, "bad_request", "answer"},
      {trace, false, 405, "bad_request", "answer"},
      {injected, false, 400, "bad_request", "answer"},
      {get("http://shop.localhost:8080/%00"), false, 400, "bad_request", "answer"},
  };
  for (const Row& row : rows) {
    const auto walk = explain_request(scene, row.request);
    ASSERT_TRUE(walk.has_value()) << row.request.url;
    const std::string text = explain_text(*walk);
    EXPECT_EQ((*walk)["served"], row.served) << row.request.url << "\n" << text;
    EXPECT_EQ((*walk)["answer"].value("status", 0), row.status) << row.request.url << "\n" << text;
    EXPECT_EQ((*walk)["answer"]["reason"], row.reason) << row.request.url << "\n" << text;
    EXPECT_THAT(text, HasSubstr(row.text_part));
  }
  EXPECT_FALSE(explain_request(scene, get("ftp://x")).has_value());
}

TEST(Explain, A404NamesTheLikelyHost) {
  const auto walk = explain_request(make_scene(), get("http://shopp.localhost:8080/"));
  EXPECT_THAT(
      explain_text(walk.value()),
      testing::StartsWith("request   GET http://shopp.localhost:8080/\n"
                          "answer    404 no_host: no route of this listener has the host 'shopp.localhost'; there "
                          "are routes for shop.localhost\n"
                          "          fix: ask for 'shop.localhost', or add 'shopp.localhost' to spec.hostnames"));
}

TEST(Explain, AHostFarFromAllOthersGetsNoGuess) {
  const std::string text = explain_text(explain_request(make_scene(), get("http://nobody.localhost:8080/")).value());
  EXPECT_THAT(text, HasSubstr("fix: add 'nobody.localhost' to spec.hostnames"));
}

TEST(Explain, ManyRulesOfOtherPathsAreCounted) {
  Json walk = explain_request(make_scene(), get("http://shop.localhost:8080/a")).value();
  const Json loser = walk["rules"][0];
  ASSERT_EQ(loser["failed"], "path");
  for (int i = 0; i < 100; ++i) walk["rules"].insert(walk["rules"].begin(), loser);
  const std::string text = explain_text(walk);
  EXPECT_THAT(text, HasSubstr("and 86 more with another path"));
  EXPECT_THAT(text, HasSubstr("takes it")) << "the winner is always shown";
}

TEST(Explain, TheTextIsSafeToPrint) {
  ExplainRequest hostile = get("http://shop.localhost:8080/");
  hostile.headers = {"x-canary: \x1b]0;owned\x07"};
  const auto walk = explain_request(make_scene(), hostile);
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(explain_text(*walk).find('\x1b'), std::string::npos);
}

TEST(Routes, InTrueOrder) {
  const Json routes = list_routes(make_scene());
  std::vector<std::string> plain;
  for (const Json& route : routes)
    if (route["listener"] == "http") plain.push_back(route["match"]);
  EXPECT_THAT(plain, testing::ElementsAre("prefix /forbidden", "prefix /filter",
                                          "prefix /post, method POST, query q = 1", "prefix /gone", "prefix /half",
                                          "prefix /old", "prefix /, header x-canary = yes", "prefix /"));
  std::ostringstream out;
  print_routes(routes, Width::Normal, {.out = out, .err = out});
  EXPECT_THAT(out.str(), HasSubstr("default/shop-v1:80 (90 %), default/shop-v2:80 (10 %)"));
}

}  // namespace
}  // namespace pintle::app
