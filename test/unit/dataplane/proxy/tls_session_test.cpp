// Sessions over TLS: the handshake's deadline (req 40), and an end that no event of the socket tells.
#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"
#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

struct TlsSession {
  explicit TlsSession(const Settings& settings = {}) : bench(settings) {
    bench.socket->protocol = runtime::SocketProtocol::Https;
    bench.serve({&peer});
  }
  void open() {
    net::TlsBench::Accepted accepted = tls.accept();
    EXPECT_EQ(client.shake(accepted).status, net::IoStatus::Ok);
    end = bench.connect(std::move(accepted.server), std::move(accepted.peer));
  }
  /// One write: the text, then close_notify, but no FIN.
  void send_and_close(std::string_view text) {
    EXPECT_GT(SSL_write(client.native(), text.data(), static_cast<int>(text.size())), 0);
    SSL_shutdown(client.native());
    end.send(client.take());
  }
  std::string read() {
    client.give(end.take());
    std::string text(16384, '\0');
    const int n = SSL_read(client.native(), text.data(), static_cast<int>(text.size()));
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  net::TlsBench tls{{{.hostname = "*", .certificates = {"a.test"}}}};
  net::TlsClient client{{.sni = "a.test"}};
  Peer peer;
  Bench bench;
  End end;
};

TEST(TlsSession, TheHandshakeHasADeadline) {
  Settings settings;
  settings.timeouts.tls_handshake = 100ms;
  TlsSession session(settings);
  net::TlsBench::Accepted accepted = session.tls.accept();
  End end = session.bench.connect(std::move(accepted.server), std::move(accepted.peer));
  session.client.step();
  end.send(session.client.take().substr(0, 40));  // a part of the ClientHello
  EXPECT_TRUE(session.bench.run_until([&] { return end.pull(), end.ended || end.cut; }));
  EXPECT_EQ(end.received, "");
  EXPECT_EQ(session.bench.notes.handshakes, std::vector{observe::HandshakeResult::TimedOut});
  EXPECT_TRUE(session.bench.notes.requests.empty());
}

TEST(TlsSession, TheEndBehindARequestIsNotMissed) {
  TlsSession session;
  session.open();
  session.send_and_close(get);
  End backend = session.bench.accept(session.peer);
  session.bench.expect(backend, "\r\n\r\n");
  backend.send(ok);
  // Without another word of the client, and long before its idle time is over.
  EXPECT_TRUE(session.bench.run_until([&] { return session.end.pull(), session.end.ended || session.end.cut; }));
  EXPECT_TRUE(session.read().ends_with("\r\n\r\nok"));
}

TEST(TlsSession, TheEndInsideABodyIsNotMissed) {
  TlsSession session;
  session.open();
  session.send_and_close("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_TRUE(session.bench.run_until([&] { return !session.bench.notes.requests.empty(); }));
  EXPECT_EQ(session.bench.last().reason, Reason::ClientClosed);
  EXPECT_EQ(session.bench.last().status, 0);
}

TEST(TlsSession, RequestsOneAfterAnother) {
  TlsSession session;
  session.open();
  End backend;
  for (int i = 0; i < 3; ++i) {
    EXPECT_GT(SSL_write(session.client.native(), get.data(), static_cast<int>(get.size())), 0);
    session.end.send(session.client.take());
    if (i == 0) backend = session.bench.accept(session.peer);
    EXPECT_TRUE(session.bench.expect(backend, "\r\n\r\n").contains("X-Forwarded-Proto: https\r\n"));
    backend.send(ok);
    EXPECT_TRUE(session.bench.run_until([&] { return session.end.pull().size() > 40; }));
    EXPECT_TRUE(session.read().ends_with("\r\n\r\nok"));
  }
  EXPECT_EQ(session.bench.notes.handshakes, std::vector{observe::HandshakeResult::Ok});
}

}  // namespace
}  // namespace pintle::proxy
