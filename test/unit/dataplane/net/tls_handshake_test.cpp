// Which listener and certificate a ClientHello gets, and what is refused (req 53-56).
#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::net {
namespace {

const std::vector<ListenerSpec> named{{"shop.example.com", {"shop.example.com"}},
                                      {"*.example.com", {"*.example.com", "*.b.example.com,c.example.com"}}};
const std::vector<ListenerSpec> open{{"shop.example.com", {"shop.example.com"}}, {"*", {"default.example"}}};

TEST(TlsHandshake, SniChoosesListenerAndCertificate) {
  struct Row {
    const char* sni;
    const char* listener;
    const char* certificate;
  };
  TlsBench bench(named);
  for (const Row& row : {Row{"shop.example.com", "shop.example.com", "shop.example.com"},
                         Row{"SHOP.Example.COM", "shop.example.com", "shop.example.com"},
                         Row{"a.example.com", "*.example.com", "*.example.com"},
                         Row{"c.example.com", "*.example.com", "*.b.example.com"},
                         Row{"a.b.example.com", "*.example.com", "*.b.example.com"},
                         // Below two labels no certificate fits: the listener's first is shown, the client judges.
                         Row{"x.y.z.example.com", "*.example.com", "*.example.com"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      auto accepted = bench.accept();
      TlsClient client({.sni = row.sni, .max_version = version});
      EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok) << row.sni;
      EXPECT_TRUE(client.is_done()) << row.sni;
      EXPECT_EQ(client.certificate_name(), row.certificate) << row.sni;
      EXPECT_EQ(accepted.server.tls()->listener_hostname(), row.listener) << row.sni;
      EXPECT_EQ(accepted.server.tls()->version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
      EXPECT_EQ(accepted.server.tls()->generation().value, 1u);
    }
  }
}

TEST(TlsHandshake, UnknownNameIsRefusedWithoutACertificate) {
  TlsBench bench(named);
  for (const char* sni : {"example.com", "shop.example.org", "evilexample.com", ""}) {
    auto accepted = bench.accept();
    TlsClient client({.sni = sni});
    EXPECT_EQ(client.shake(accepted).status, IoStatus::Error) << sni;
    EXPECT_EQ(client.alert(), "unrecognized name") << sni;
    EXPECT_EQ(client.certificate_name(), "") << sni;
    EXPECT_FALSE(accepted.server.tls_error().empty());
    EXPECT_EQ(accepted.server.handshake().status, IoStatus::Error) << "and it stays so";
  }
}

TEST(TlsHandshake, ListenerWithoutHostnameTakesAllNamesAndNone) {
  TlsBench bench(open);
  for (const char* sni : {"other.example", ""}) {
    auto accepted = bench.accept();
    TlsClient client({.sni = sni});
    EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok) << sni;
    EXPECT_EQ(client.certificate_name(), "default.example");
    EXPECT_EQ(accepted.server.tls()->sni(), sni);
  }
}

TEST(TlsHandshake, ListenerWithoutUsableCertificateIsRefused) {
  TlsBench bench({{"shop.example.com", {}}, {"*", {"default.example"}}});
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com"});
  EXPECT_EQ(client.shake(accepted).status, IoStatus::Error) << "another listener's certificate must not stand in";
  EXPECT_EQ(client.alert(), "unrecognized name");
}

// Req 55: cut at every byte, the hello reaches the same listener.
TEST(TlsHandshake, FragmentedClientHello) {
  TlsBench bench(open);
  std::size_t length = 0;
  {
    TlsClient client({.sni = "shop.example.com"});
    client.step();
    length = client.take().size();
  }
  ASSERT_GT(length, 100u);
  for (std::size_t cut = 1; cut < length; ++cut) {
    auto accepted = bench.accept();
    TlsClient client({.sni = "shop.example.com"});
    client.step();
    const std::string hello = client.take();
    send_text(accepted.peer, std::string_view(hello).substr(0, cut));
    ASSERT_EQ(accepted.server.handshake().status, IoStatus::WouldBlock) << cut;
    send_text(accepted.peer, std::string_view(hello).substr(cut));
    static_cast<void>(accepted.server.handshake());
    client.give(take_text(accepted.peer));
    ASSERT_EQ(client.shake(accepted).status, IoStatus::Ok) << cut;
    ASSERT_EQ(client.certificate_name(), "shop.example.com") << cut;
  }
}

// The same hello as two TLS records, as a middlebox would cut it.
TEST(TlsHandshake, ClientHelloInTwoRecords) {
  TlsBench bench(open);
  for (const std::size_t cut : {1u, 4u, 40u, 100u}) {
    auto accepted = bench.accept();
    TlsClient client({.sni = "shop.example.com"});
    client.step();
    const std::string hello = client.take();
    const auto record = [&](std::string_view part) {
      std::string made = hello.substr(0, 3);
      made += static_cast<char>(part.size() >> 8);
      made += static_cast<char>(part.size() & 0xff);
      return made.append(part);
    };
    send_text(accepted.peer, record(std::string_view(hello).substr(5, cut)));
    send_text(accepted.peer, record(std::string_view(hello).substr(5 + cut)));
    static_cast<void>(accepted.server.handshake());
    client.give(take_text(accepted.peer));
    EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok) << cut;
    EXPECT_EQ(client.certificate_name(), "shop.example.com") << cut;
  }
}

TEST(TlsHandshake, NothingBelowTls12) {
  TlsBench bench(open);
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com", .max_version = TLS1_1_VERSION});
  EXPECT_EQ(client.shake(accepted).status, IoStatus::Error);
  EXPECT_EQ(client.alert(), "protocol version");
  EXPECT_FALSE(client.is_done());
}

TEST(TlsHandshake, Alpn) {
  TlsBench bench(open);
  struct Row {
    std::string offered;
    const char* chosen;
  };
  for (const Row& row :
       {Row{"\x08http/1.1", "http/1.1"}, Row{"\x08http/1.1\x02h2", "h2"}, Row{"\x02h2", "h2"}, Row{"", ""}}) {
    auto accepted = bench.accept();
    TlsClient client({.sni = "shop.example.com", .alpn = row.offered});
    EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok);
    EXPECT_EQ(accepted.server.tls()->alpn(), row.chosen);
  }
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com",
                    .alpn = "\x03"
                            "foo"});
  EXPECT_EQ(client.shake(accepted).status, IoStatus::Error);
  EXPECT_EQ(client.alert(), "no application protocol");
}

TEST(TlsHandshake, RenegotiationIsOff) {
  TlsBench bench(open);
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com", .max_version = TLS1_2_VERSION});
  ASSERT_EQ(client.shake(accepted).status, IoStatus::Ok);
  ASSERT_EQ(SSL_renegotiate(client.native()), 1);
  static_cast<void>(SSL_do_handshake(client.native()));
  send_text(accepted.peer, client.take());
  char bytes[64];
  EXPECT_NE(accepted.server.read(bytes).status, IoStatus::Ok);
  static_cast<void>(client.read(accepted));
  EXPECT_EQ(client.alert(), "no renegotiation");
}

TEST(TlsHandshake, BytesThatAreNotTls) {
  TlsBench bench(open);
  auto accepted = bench.accept();
  send_text(accepted.peer, "GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n");
  EXPECT_EQ(accepted.server.handshake().status, IoStatus::Error);
  EXPECT_FALSE(accepted.server.tls_error().empty());
}

TEST(TlsHandshake, PeerThatLeavesWithinIt) {
  TlsBench bench(open);
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com"});
  client.step();
  send_text(accepted.peer, client.take().substr(0, 50));
  EXPECT_EQ(accepted.server.handshake().status, IoStatus::WouldBlock);
  accepted.peer.reset();
  EXPECT_EQ(accepted.server.handshake().status, IoStatus::Error);
  EXPECT_EQ(accepted.server.tls_error(), "closed within the handshake");
}

TEST(TlsHandshake, PartOfAHelloAndTheEndInOneEvent) {
  TlsBench bench(open);
  auto accepted = bench.accept();
  TlsClient client({.sni = "shop.example.com"});
  client.step();
  send_text(accepted.peer, client.take().substr(0, 50));
  accepted.peer.reset();
  accepted.server.expect_end();  // the event told of both
  EXPECT_EQ(accepted.server.handshake().status, IoStatus::Error) << "no event would tell it again";
}

// Req 57: old connections keep what they were opened with, new ones get the new certificate; what did not change is
// not built again.
TEST(TlsHandshake, NewGenerationOfCertificates) {
  TlsBench bench(open);
  auto before = bench.accept();
  auto certs = std::make_shared<runtime::Certs>(*bench.compiled.certs);
  certs->certificates[0] = make_certificate({"renewed.example.com"});
  bench.compiled.certs = std::move(certs);
  bench.compiled.generation = Generation{2};
  const auto old_contexts = bench.contexts;
  bench.contexts = TlsContexts::build(bench.compiled, old_contexts.get()).value();
  TlsClient old_client({.sni = "shop.example.com"});
  EXPECT_EQ(old_client.shake(before).status, IoStatus::Ok);
  EXPECT_EQ(old_client.certificate_name(), "shop.example.com");
  auto after = bench.accept();
  TlsClient new_client({.sni = "shop.example.com"});
  EXPECT_EQ(new_client.shake(after).status, IoStatus::Ok);
  EXPECT_EQ(new_client.certificate_name(), "renewed.example.com");
  const auto context_of = [](const TlsContexts& all, std::size_t listener) {
    return all.find_socket(SocketId{0})->listeners[listener].certificates[0].context;
  };
  EXPECT_EQ(context_of(*bench.contexts, 1), context_of(*old_contexts, 1));
  EXPECT_NE(context_of(*bench.contexts, 0), context_of(*old_contexts, 0));
}

}  // namespace
}  // namespace pintle::net
