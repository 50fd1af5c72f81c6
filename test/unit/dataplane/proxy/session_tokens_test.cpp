#include "dataplane/proxy/session_tokens.hpp"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::proxy {
namespace {

using ::testing::Each;
using ::testing::Optional;

std::shared_ptr<const Secret> key(std::string text) { return std::make_shared<const Secret>(std::move(text)); }

SessionContent content(std::string_view ip = "10.1.2.3", std::uint16_t port = 8080) {
  SessionContent made;
  made.began = Wall(std::chrono::seconds(1'800'000'000));
  EXPECT_TRUE(runtime::parse_ip(ip, made.endpoint));
  made.endpoint.port = port;
  made.backend = 0xFEDCBA9876543210U;
  return made;
}

struct Tokens : SessionTokens {
  explicit Tokens(std::string text = "k") { set_key(key(std::move(text))); }
  std::string make(std::string_view scope, const SessionContent& of) {
    const auto made = seal(scope, of);
    EXPECT_TRUE(made);
    return made ? std::string(made->data(), made->size()) : std::string();
  }
};

TEST(SessionTokens, AreReadAgain) {
  Tokens tokens;
  for (const char* ip : {"10.1.2.3", "0.0.0.0", "255.255.255.255", "fd00::1", "::", "ffff:ffff::ffff"})
    for (const std::uint16_t port : {std::uint16_t{0}, std::uint16_t{80}, std::uint16_t{65535}})
      EXPECT_THAT(tokens.open("rule", tokens.make("rule", content(ip, port))), Optional(content(ip, port)));
}

TEST(SessionTokens, AreOfWhoeverHasTheKey) {
  Tokens one;
  Tokens other;
  const std::string token = one.make("rule", content());
  EXPECT_EQ(token, other.make("rule", content())) << "equal sessions, equal tokens: they mark no client";
  EXPECT_TRUE(other.open("rule", token));
  other.set_key(key("another"));
  EXPECT_FALSE(other.open("rule", token));
  other.set_key(key("k"));
  EXPECT_TRUE(other.open("rule", token)) << "a restart";
}

TEST(SessionTokens, AreOfOneScope) {
  Tokens tokens;
  const std::string token = tokens.make("HTTPRoute default/r 0", content());
  EXPECT_TRUE(tokens.open("HTTPRoute default/r 0", token));
  EXPECT_FALSE(tokens.open("HTTPRoute default/r 1", token));
  EXPECT_FALSE(tokens.open("", token));
}

TEST(SessionTokens, WithoutAKeyThereAreNone) {
  Tokens tokens;
  const std::string token = tokens.make("rule", content());
  tokens.set_key(nullptr);
  EXPECT_FALSE(tokens.seal("rule", content()));
  EXPECT_FALSE(tokens.open("rule", token));
}

TEST(SessionTokens, AChangeAnywhereMakesThemNone) {
  Tokens tokens;
  const std::string token = tokens.make("rule", content());
  for (std::size_t at = 0; at < token.size(); ++at)
    for (const char other : {'A', '_', '=', '+', ' ', '\0', '\xFF'}) {
      if (token[at] == other) continue;
      std::string changed = token;
      changed[at] = other;
      EXPECT_FALSE(tokens.open("rule", changed)) << at;
    }
  for (std::size_t length = 0; length < token.size(); ++length)
    EXPECT_FALSE(tokens.open("rule", token.substr(0, length)));
  EXPECT_FALSE(tokens.open("rule", token + "A"));
  EXPECT_FALSE(tokens.open("rule", std::string(100'000, 'A')));
  EXPECT_TRUE(tokens.open("rule", token)) << "after all of that";
}

TEST(SessionTokens, TellNoAddressAndFitEveryReader) {
  Tokens tokens;
  std::set<std::string> starts;
  for (std::uint16_t port = 1; port <= 200; ++port) {
    const std::string token = tokens.make("rule", content("10.1.2.3", port));
    EXPECT_THAT(token, Each(::testing::Truly([](char c) { return std::isalnum(c) || c == '-' || c == '_'; })));
    starts.insert(token.substr(0, 8));
    starts.insert(token.substr(24, 8));
  }
  EXPECT_EQ(starts.size(), 400U) << "no part of it is the same for endpoints that are alike";
}

}  // namespace
}  // namespace pintle::proxy
