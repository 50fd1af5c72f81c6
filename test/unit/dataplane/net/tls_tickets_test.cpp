// Session tickets: ours, rotated, and worth nothing at another listener (req 54).
#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::net {
namespace {

struct Tickets : testing::TestWithParam<int> {
  /// Whether a ticket is taken when it is shown with this name.
  bool resumes(SSL_SESSION* shown, const std::string& sni) {
    SSL_SESSION* copy = SSL_SESSION_dup(shown);
    auto accepted = bench.accept();
    bool resumed = false;
    {
      TlsClient client({.sni = sni, .max_version = GetParam(), .session = copy});
      EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok) << "a ticket refused is a full handshake, not a fault";
      resumed = client.is_resumed();
      EXPECT_EQ(accepted.server.tls()->resumed(), resumed);
      static_cast<void>(client.read(accepted));
      if (SSL_SESSION* next = client.take_session()) {
        SSL_SESSION_free(renewed);
        renewed = next;
      }
    }
    SSL_SESSION_free(copy);
    return resumed;
  }
  SSL_SESSION* earn(const std::string& sni) {
    SSL_SESSION* earned = earn_ticket(bench, {.sni = sni, .max_version = GetParam()});
    EXPECT_NE(earned, nullptr);
    return earned;
  }
  void TearDown() override {
    SSL_SESSION_free(ticket);
    SSL_SESSION_free(renewed);
  }
  TlsBench bench{{{"a.example.com", {"a.example.com"}}, {"b.example.com", {"b.example.com"}}, {"*", {"default"}}}};
  SSL_SESSION* ticket = nullptr;
  SSL_SESSION* renewed = nullptr;
};

TEST_P(Tickets, ResumeAtTheirOwnListener) {
  ticket = earn("a.example.com");
  EXPECT_TRUE(resumes(ticket, "a.example.com"));
}

TEST_P(Tickets, AreWorthNothingAtAnotherListener) {
  ticket = earn("a.example.com");
  EXPECT_FALSE(resumes(ticket, "b.example.com"));
  EXPECT_FALSE(resumes(ticket, "c.example.com")) << "the catch-all listener is another one too";
}

TEST_P(Tickets, KeysOfTwoRotationsAreKept) {
  ticket = earn("a.example.com");
  bench.rotate_tickets();
  EXPECT_TRUE(resumes(ticket, "a.example.com"));
  bench.rotate_tickets();
  EXPECT_TRUE(resumes(ticket, "a.example.com"));
  bench.rotate_tickets();
  EXPECT_FALSE(resumes(ticket, "a.example.com"));
}

TEST_P(Tickets, AnOldKeysTicketIsReplaced) {
  ticket = earn("a.example.com");
  bench.rotate_tickets();
  ASSERT_TRUE(resumes(ticket, "a.example.com"));
  ASSERT_NE(renewed, nullptr);
  bench.rotate_tickets();
  bench.rotate_tickets();
  SSL_SESSION* next = std::exchange(renewed, nullptr);
  EXPECT_TRUE(resumes(next, "a.example.com"));
  SSL_SESSION_free(next);
}

TEST_P(Tickets, OfForeignKeysAreRefused) {
  ticket = earn("a.example.com");
  const auto foreign = TicketRing::rotate(nullptr);
  bench.worker.set_tickets(foreign);
  EXPECT_FALSE(resumes(ticket, "a.example.com"));
}

INSTANTIATE_TEST_SUITE_P(Versions, Tickets, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST(TicketRing, KeepsTwoOldKeysAndNoMore) {
  auto ring = TicketRing::rotate(nullptr);
  const TicketKey first = ring->current();
  for (int kept = 0; kept < 2; ++kept) {
    ring = TicketRing::rotate(ring.get());
    EXPECT_NE(ring->find(first.name), nullptr);
    EXPECT_NE(ring->current().name, first.name);
    EXPECT_NE(ring->current().cipher, first.cipher);
  }
  ring = TicketRing::rotate(ring.get());
  EXPECT_EQ(ring->find(first.name), nullptr);
}

/// A handshake whose last flight comes with a request, or without one.
struct FirstAnswer : testing::Test {
  void shake(std::string_view request) {
    client.step();
    send_text(accepted.peer, client.take());
    ASSERT_EQ(accepted.server.handshake().status, IoStatus::WouldBlock);
    client.give(take_text(accepted.peer));
    client.step();
    if (!request.empty()) ASSERT_GT(SSL_write(client.native(), request.data(), static_cast<int>(request.size())), 0);
    send_text(accepted.peer, client.take());
    ASSERT_EQ(accepted.server.handshake().status, IoStatus::Ok);
  }
  TlsBench bench{{{.hostname = "*", .certificates = {"a.test"}}}};
  TlsBench::Accepted accepted = bench.accept();
  TlsClient client{{.sni = "a.test"}};
  char bytes[100];
};

TEST_F(FirstAnswer, BringsTheTicket) {
  shake("request");
  EXPECT_EQ(take_text(accepted.peer), "") << "the ticket has a sending of its own";
  EXPECT_EQ(accepted.server.read(bytes).bytes, 7U);
  EXPECT_EQ(accepted.server.write(std::string_view("answer")).status, IoStatus::Ok);
  EXPECT_FALSE(accepted.server.has_pending());
  EXPECT_EQ(client.read(accepted), "answer");
  SSL_SESSION* ticket = client.take_session();
  EXPECT_NE(ticket, nullptr);
  SSL_SESSION_free(ticket);
}

TEST_F(FirstAnswer, IsNotWaitedForWithoutARequest) {
  shake("");
  EXPECT_EQ(accepted.server.read(bytes).status, IoStatus::WouldBlock);
  ASSERT_TRUE(accepted.server.has_pending());
  EXPECT_EQ(accepted.server.flush().status, IoStatus::Ok);
  EXPECT_EQ(client.read(accepted), "");
  SSL_SESSION* ticket = client.take_session();
  EXPECT_NE(ticket, nullptr);
  SSL_SESSION_free(ticket);
  client.write(accepted, "request");
  EXPECT_EQ(accepted.server.read(bytes).bytes, 7U) << "what the handshake's last recv has shown is past";
}

}  // namespace
}  // namespace pintle::net
