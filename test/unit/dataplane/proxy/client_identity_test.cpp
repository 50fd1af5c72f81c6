// Req 26: who the client is, and what the backend is told, by trusted hops and by what the peer claims.
#include "dataplane/proxy/client_identity.hpp"

#include <gtest/gtest.h>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"

namespace pintle::proxy {
namespace {

struct Told {
  std::string client;
  std::string head;  ///< the fields as they go out, without request line and Host
};

Told tell(std::string_view fields, std::uint8_t hops, std::string_view peer = "203.0.113.9",
          runtime::SocketProtocol scheme = runtime::SocketProtocol::Http) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a.test:8080\r\n" + std::string(fields) + "\r\n";
  http1::RequestHeadParser parser;
  http::RequestHead head;
  http1::RequestFields storage;
  EXPECT_EQ(parser.parse(bytes, {}, head, storage).progress, http1::Progress::Done);
  PeerFacts facts{.peer = {}, .scheme = scheme, .trusted_hops = hops};
  EXPECT_TRUE(runtime::parse_ip(peer, facts.peer));
  facts.peer.port = 4711;
  http1::HeadEdits edits;
  edits.begin(bytes, head.headers);
  http1::edit_request(head, {}, edits);
  edit_identity(head, facts, edits);
  std::string out(edits.size(), '\0');
  edits.flatten(out);
  const std::size_t rest = out.find("\r\n", out.find("Host")) + 2;
  return {runtime::to_string(find_client(head, facts)), out.substr(rest, out.size() - rest - 2)};
}

constexpr std::string_view ours =
    "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: a.test:8080\r\n";

TEST(ClientIdentity, OfAnUntrustedPeerEveryClaimIsReplaced) {
  for (const std::string_view claim :
       {"", "X-Forwarded-For: 6.6.6.6\r\n", "x-forwarded-for: 6.6.6.6\r\nX-FORWARDED-FOR: 7.7.7.7, 8.8.8.8\r\n",
        "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\n",
        "Forwarded: for=6.6.6.6;host=evil\r\nForwarded: for=7.7.7.7\r\n", "X-Real-IP: 6.6.6.6\r\n",
        "X-Forwarded-Prefix: /evil\r\nX-Forwarded-Client-Cert: x\r\n", "X_Forwarded_For: 6.6.6.6\r\n",
        "x_real-ip: 6.6.6.6\r\nX-Forwarded_Host: evil\r\n"}) {
    SCOPED_TRACE(claim);
    const Told told = tell(claim, 0);
    EXPECT_EQ(told.head, ours);
    EXPECT_EQ(told.client, "203.0.113.9:4711");
  }
}

TEST(ClientIdentity, PrivateAddressesGetNoTrust) {
  EXPECT_EQ(tell("X-Forwarded-For: 6.6.6.6\r\n", 0, "10.0.0.1").client, "10.0.0.1:4711");
}

TEST(ClientIdentity, EveryOctetIsWrittenAsPeopleDo) {
  for (const std::string_view peer : {"0.0.0.0", "1.9.10.11", "99.100.101.199", "200.209.210.255"})
    EXPECT_TRUE(tell("", 0, peer).head.starts_with("X-Forwarded-For: " + std::string(peer) + "\r\n")) << peer;
}

TEST(ClientIdentity, OverTlsAndV6) {
  const Told told = tell("", 0, "2001:db8::1", runtime::SocketProtocol::Https);
  EXPECT_EQ(told.head, "X-Forwarded-For: 2001:db8::1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.test:8080\r\n");
  EXPECT_EQ(told.client, "[2001:db8::1]:4711");
}

TEST(ClientIdentity, TrustedHopsCountFromTheRight) {
  struct Case {
    std::string_view fields;
    std::uint8_t hops;
    std::string_view client;
    std::string_view chain;
  };
  const Case cases[] = {
      {"", 1, "203.0.113.9:4711", "203.0.113.9"},
      {"X-Forwarded-For: \r\n", 1, "203.0.113.9:4711", "203.0.113.9"},
      {"X-Forwarded-For: 1.1.1.1\r\n", 1, "1.1.1.1:0", "1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\n", 1, "1.1.1.1:0", "1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.1.1.1\r\n", 1, "1.1.1.1:0", "1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 6.6.6.6, 1.1.1.1\r\n", 2, "6.6.6.6:0", "6.6.6.6, 1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 5.5.5.5, 6.6.6.6 ,,\t1.1.1.1\r\n", 2, "6.6.6.6:0", "6.6.6.6, 1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 1.1.1.1\r\n", 2, "1.1.1.1:0", "1.1.1.1, 203.0.113.9"},
      {"X-Forwarded-For: 1.1.1.1:8080\r\n", 1, "1.1.1.1:0", "1.1.1.1:8080, 203.0.113.9"},
      {"X-Forwarded-For: 2001:db8::7\r\n", 1, "[2001:db8::7]:0", "2001:db8::7, 203.0.113.9"},
      {"X-Forwarded-For: [2001:db8::7]\r\n", 1, "[2001:db8::7]:0", "[2001:db8::7], 203.0.113.9"},
      {"X-Forwarded-For: [2001:db8::7]:443\r\n", 1, "[2001:db8::7]:0", "[2001:db8::7]:443, 203.0.113.9"},
      {"X-Forwarded-For: unknown\r\n", 1, "203.0.113.9:4711", "unknown, 203.0.113.9"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.fields);
    const Told told = tell(one.fields, one.hops);
    EXPECT_EQ(told.client, one.client);
    EXPECT_TRUE(told.head.contains("X-Forwarded-For: " + std::string(one.chain) + "\r\n")) << told.head;
    EXPECT_EQ(told.head.find("X-Forwarded-For"), told.head.rfind("X-Forwarded-For")) << "one line";
  }
}

TEST(ClientIdentity, ATrustedProxyKeepsItsProtoHostAndPort) {
  const Told told = tell(
      "X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Port: 443\r\nX-Real-IP: 6.6.6.6\r\n",
      1);
  EXPECT_EQ(told.head,
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\nX-Forwarded-Port: 443\r\n"
            "X-Forwarded-For: 203.0.113.9\r\n");
}

/// A proxy that writes X-Forwarded-For may pass on a Forwarded of the client: only what is believed is told again.
TEST(ClientIdentity, ForwardedIsWrittenAnewFromWhatIsBelieved) {
  const Told told = tell(
      "Forwarded: for=6.6.6.6;host=evil\r\nX-Forwarded-For: 6.6.6.6, 2001:db8::7, odd\r\nForwarded: for=7.7.7.7\r\n",
      2);
  EXPECT_TRUE(told.head.contains("Forwarded: for=\"[2001:db8::7]\", for=unknown, for=203.0.113.9;proto=http\r\n"))
      << told.head;
  EXPECT_FALSE(told.head.contains("6.6.6.6") || told.head.contains("7.7.7.7") || told.head.contains("evil"));
  EXPECT_FALSE(tell("X-Forwarded-For: 1.1.1.1\r\n", 1).head.contains("\r\nForwarded:")) << "only where one came";
}

}  // namespace
}  // namespace pintle::proxy
