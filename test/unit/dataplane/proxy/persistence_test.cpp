// Session persistence of one rule: which endpoint a request reaches, and what its answer tells the client.
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/base/stable_hash.hpp>

#include "dataplane/proxy/session_tokens.hpp"
#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view token_words = "[A-Za-z0-9_-]+";

route::Rule keeping(route::Session session, std::string scope = "HTTPRoute default/r 0") {
  route::Rule rule;
  route::Sessions sessions{.scope = std::move(scope), .by_backend = {}};
  sessions.by_backend.emplace_back(std::move(session));
  rule.sessions = std::move(sessions);
  return rule;
}
route::Session cookie() {
  route::Session session;
  session.name = "sid";
  return session;
}
route::Session header() {
  route::Session session = cookie();
  session.carrier = route::SessionCarrier::Header;
  session.name = "X-Session";
  return session;
}

struct Scene {
  explicit Scene(route::Rule made) : rule(std::move(made)) {
    bench.session_key = std::make_shared<const Secret>(std::string("key"));
    bench.serve({&one, &two, &three}, rule);
    client = bench.connect();
  }

  /// Sends a request and answers it; gives the head of the answer. `reached` is whose connection it was.
  std::string ask(std::string_view fields = {}, std::string_view answer = ok) {
    client.received.clear();
    client.send(fmt::format("GET / HTTP/1.1\r\nHost: a.test\r\n{}\r\n", fields));
    reached = nullptr;
    EXPECT_TRUE(bench.run_until([&] { return find_request(); }));
    if (reached == nullptr) return {};
    seen = reached->take();
    reached->send(answer);
    return bench.expect(client, "\r\n\r\nok");
  }
  bool find_request() {
    for (Peer* peer : {&one, &two, &three})
      if (End end = peer->accept(); end.is_open()) ends[peer].push_back(std::move(end));
    for (auto& [peer, held] : ends)
      for (End& end : held)
        if (end.pull().find("\r\n\r\n") != std::string::npos) {
          reached = &end;
          at = peer;
          return true;
        }
    return false;
  }
  /// Of an answer that begins a session.
  static std::string token_of(const std::string& answer, std::string_view before) {
    const std::size_t from = answer.find(before);
    return from == std::string::npos ? "" : answer.substr(from + before.size(), SessionTokens::length);
  }

  route::Rule rule;
  Peer one;
  Peer two;
  Peer three;
  Bench bench;
  End client;
  std::map<Peer*, std::vector<End>> ends;
  End* reached = nullptr;
  Peer* at = nullptr;
  std::string seen;
};

TEST(Persistence, ACookieHoldsItsEndpoint) {
  Scene scene(keeping(cookie()));
  const std::string first = scene.ask();
  EXPECT_THAT(first,
              ContainsRegex(fmt::format("\r\nSet-Cookie: sid={}; Path=/; HttpOnly; SameSite=Strict\r\n", token_words)));
  const std::string token = Scene::token_of(first, "sid=");
  Peer* const home = scene.at;
  const std::string fields = fmt::format("Cookie: a=b; sid={}; c=d\r\n", token);
  for (int turn = 0; turn < 7; ++turn) {
    EXPECT_THAT(scene.ask(fields), Not(HasSubstr("Set-Cookie"))) << "the client has it already";
    EXPECT_EQ(scene.at, home);
    EXPECT_THAT(scene.seen, HasSubstr(fields)) << "the backend is shown what the client sent";
  }
  std::set<Peer*> others;
  for (int turn = 0; turn < 6; ++turn) scene.ask(), others.insert(scene.at);
  EXPECT_EQ(others.size(), 3U) << "who shows none goes where any request goes";
}

TEST(Persistence, AHeaderDoesTheSame) {
  Scene scene(keeping(header()));
  const std::string first = scene.ask();
  EXPECT_THAT(first, ContainsRegex(fmt::format("\r\nX-Session: {}\r\n", token_words)));
  EXPECT_THAT(first, Not(HasSubstr("Set-Cookie")));
  const std::string token = Scene::token_of(first, "X-Session: ");
  Peer* const home = scene.at;
  for (int turn = 0; turn < 4; ++turn) {
    EXPECT_THAT(scene.ask(fmt::format("x-session:  {} \r\n", token)), Not(HasSubstr("X-Session")));
    EXPECT_EQ(scene.at, home);
  }
}

TEST(Persistence, TheRightOneOfSeveralCookiesIsFound) {
  Scene scene(keeping(cookie()));
  const std::string token = Scene::token_of(scene.ask(), "sid=");
  Peer* const home = scene.at;
  for (const std::string& fields :
       {fmt::format("Cookie: sid=x; sid={0}; sid=y\r\n", token),
        fmt::format("Cookie: sid=x\r\nCookie: sid={}\r\n", token), fmt::format("Cookie: ;;; sid={};\r\n", token),
        fmt::format("Cookie: asid=1;sid={}\r\n", token)})
    for (int turn = 0; turn < 3; ++turn) {
      EXPECT_THAT(scene.ask(fields), Not(HasSubstr("Set-Cookie"))) << fields;
      EXPECT_EQ(scene.at, home) << fields;
    }
}

TEST(Persistence, WhatIsNoTokenIsNoSession) {
  Scene scene(keeping(cookie()));
  const std::string token = Scene::token_of(scene.ask(), "sid=");
  std::string forged = token;
  forged[40] = forged[40] == 'A' ? 'B' : 'A';
  for (const std::string& value : {std::string(), forged, std::string(64, 'A')})
    EXPECT_THAT(scene.ask(fmt::format("Cookie: sid={}\r\n", value)), HasSubstr("Set-Cookie: sid=")) << value;
  std::string many = "Cookie: ";
  for (int i = 0; i < 20; ++i) many += fmt::format("sid={}; ", forged);
  EXPECT_THAT(scene.ask(fmt::format("{}sid={}\r\n", many, token)), HasSubstr("Set-Cookie")) << "not searched for ever";
}

TEST(Persistence, ACookieOfTheApplicationIsNotReplaced) {
  Scene scene(keeping(cookie()));
  const std::string token = Scene::token_of(scene.ask(), "sid=");
  for (const std::string& value : {std::string("x"), token + token, std::string(3000, 'A')})
    EXPECT_THAT(scene.ask(fmt::format("Cookie: sid={}\r\n", value)), Not(HasSubstr("Set-Cookie"))) << value;
}

TEST(Persistence, SessionsOutliveTheirWeight) {
  Scene scene(keeping(cookie()));
  const std::string token = Scene::token_of(scene.ask(), "sid=");
  Peer* const home = scene.at;
  scene.bench.weight = 0;
  scene.bench.serve({&scene.one, &scene.two, &scene.three}, keeping(cookie()));
  for (int turn = 0; turn < 4; ++turn) {
    scene.ask(fmt::format("Cookie: sid={}\r\n", token));
    EXPECT_EQ(scene.at, home);
  }
  scene.client.received.clear();
  scene.client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  EXPECT_TRUE(scene.bench.expect(scene.client, "ref_invalid").starts_with("HTTP/1.1 500 "));
}

TEST(Persistence, ATokenOfAnotherRuleIsNone) {
  Scene scene(keeping(cookie()));
  const std::string fields = fmt::format("Cookie: sid={}\r\n", Scene::token_of(scene.ask(), "sid="));
  scene.bench.serve({&scene.one, &scene.two, &scene.three}, keeping(cookie(), "HTTPRoute default/r 1"));
  EXPECT_THAT(scene.ask(fields), HasSubstr("Set-Cookie: sid="));
}

TEST(Persistence, AnEndpointThatIsGoneGivesWayToANewSession) {
  Scene scene(keeping(cookie()));
  std::string token = Scene::token_of(scene.ask(), "sid=");
  Peer* const home = scene.at;
  std::vector<const Peer*> rest;
  for (Peer* peer : {&scene.one, &scene.two, &scene.three})
    if (peer != home) rest.push_back(peer);
  scene.bench.serve(rest, scene.rule);
  const std::string moved = scene.ask(fmt::format("Cookie: sid={}\r\n", token));
  EXPECT_NE(scene.at, home);
  token = Scene::token_of(moved, "sid=");
  Peer* const next = scene.at;
  scene.bench.serve({&scene.one, &scene.two, &scene.three}, scene.rule);
  for (int turn = 0; turn < 4; ++turn) {
    EXPECT_THAT(scene.ask(fmt::format("Cookie: sid={}\r\n", token)), Not(HasSubstr("Set-Cookie")));
    EXPECT_EQ(scene.at, next) << "the session stays where it went";
  }
}

TEST(Persistence, AnEndpointThatCannotBeReachedGivesWayToo) {
  Scene scene(keeping(cookie()));
  Peer refusing(Peer::Kind::Refuses);
  SessionTokens tokens;
  tokens.set_key(scene.bench.session_key);
  const auto token =
      tokens.seal("HTTPRoute default/r 0",
                  {.began = wall_now(), .endpoint = refusing.address(), .backend = stable_hash("default/b:80")});
  ASSERT_TRUE(token);
  scene.bench.serve({&scene.one, &refusing}, scene.rule);
  const std::string answer =
      scene.ask(fmt::format("Cookie: sid={}\r\n", std::string_view(token->data(), token->size())));
  EXPECT_EQ(scene.at, &scene.one);
  EXPECT_THAT(answer, HasSubstr("Set-Cookie: sid="));
}

TEST(Persistence, ASessionIsOverAfterItsAbsoluteTimeout) {
  route::Session session = cookie();
  session.absolute_timeout = std::chrono::seconds(60);
  session.lifetime = route::CookieLifetime::Permanent;
  Scene scene(keeping(session));
  EXPECT_THAT(scene.ask(), HasSubstr("; Max-Age=60; HttpOnly"));
  SessionTokens tokens;
  tokens.set_key(scene.bench.session_key);
  for (const auto& [age, over] : {std::pair(50, false), std::pair(70, true)}) {
    const auto token = tokens.seal("HTTPRoute default/r 0", {.began = wall_now() - std::chrono::seconds(age),
                                                             .endpoint = scene.two.address(),
                                                             .backend = stable_hash("default/b:80")});
    ASSERT_TRUE(token);
    const std::string answer =
        scene.ask(fmt::format("Cookie: sid={}\r\n", std::string_view(token->data(), token->size())));
    EXPECT_EQ(answer.find("Set-Cookie") != std::string::npos, over) << age;
    if (!over) EXPECT_EQ(scene.at, &scene.two);
  }
}

TEST(Persistence, WhatTheBackendSetsItselfIsLeftAlone) {
  Scene scene(keeping(cookie()));
  const std::string answer =
      scene.ask({}, "HTTP/1.1 200 OK\r\nSet-Cookie: sid=mine\r\nSet-Cookie: sidecar=1\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(answer, HasSubstr("sid=mine"));
  EXPECT_EQ(answer.find("Set-Cookie: sid="), answer.rfind("Set-Cookie: sid="));
  EXPECT_THAT(scene.ask({}, "HTTP/1.1 200 OK\r\nSet-Cookie: sidecar=1\r\nContent-Length: 2\r\n\r\nok"),
              HasSubstr("Set-Cookie: sid="));
}

TEST(Persistence, WithoutAKeyRequestsAreServedAllTheSame) {
  Scene scene(keeping(cookie()));
  scene.bench.session_key = nullptr;
  scene.bench.serve({&scene.one}, scene.rule);
  EXPECT_THAT(scene.ask("Cookie: sid=x\r\n"), Not(HasSubstr("Set-Cookie")));
}

TEST(Persistence, ARetryStaysAtTheEndpoint) {
  route::Rule rule = keeping(cookie());
  rule.retry = route::Retry{.codes = {503}, .attempts = 2, .backoff = {}};
  Scene scene(std::move(rule));
  const std::string token = Scene::token_of(scene.ask(), "sid=");
  Peer* const home = scene.at;
  scene.client.received.clear();
  scene.client.send(fmt::format("GET / HTTP/1.1\r\nHost: a.test\r\nCookie: sid={}\r\n\r\n", token));
  for (const std::string_view answer : {std::string_view("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), ok}) {
    ASSERT_TRUE(scene.bench.run_until([&] { return scene.find_request(); }));
    EXPECT_EQ(scene.at, home);
    static_cast<void>(scene.reached->take());
    scene.reached->send(answer);
  }
  EXPECT_THAT(scene.bench.expect(scene.client, "ok"), Not(HasSubstr("Set-Cookie")));
}

}  // namespace
}  // namespace pintle::proxy
