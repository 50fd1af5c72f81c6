// After 101: bytes both ways, half-closed on either side, back-pressure, its deadline (req 37, 42).
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

using namespace std::chrono_literals;

struct Tunnel {
  explicit Tunnel(const Settings& settings = {}, std::string_view early = "") : bench(settings) {
    bench.serve({&peer});
    client = bench.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    client.send(early);
    backend = bench.accept(peer);
    EXPECT_TRUE(bench.expect(backend, "\r\n\r\n").ends_with("\r\n\r\n"));
    backend.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello");
    EXPECT_TRUE(bench.expect(client, "hello").starts_with("HTTP/1.1 101 "));
  }
  Peer peer;
  Bench bench;
  End client;
  End backend;
};

TEST(Tunnel, EarlyBytesGoAfterThe101) {
  Tunnel tunnel({}, "early");
  tunnel.bench.expect(tunnel.backend, "early");
  tunnel.client.send("more");
  tunnel.bench.expect(tunnel.backend, "more");
  tunnel.backend.send("back");
  tunnel.bench.expect(tunnel.client, "back");
}

TEST(Tunnel, TheClientEndsFirst) {
  Tunnel tunnel;
  tunnel.client.send("last");
  tunnel.client.finish();
  tunnel.bench.expect_end(tunnel.backend);
  EXPECT_EQ(tunnel.backend.received, "last");
  tunnel.backend.send("still here");
  tunnel.bench.expect(tunnel.client, "still here");
  tunnel.backend.finish();
  tunnel.bench.expect_end(tunnel.client);
  EXPECT_TRUE(tunnel.bench.run_until([&] { return !tunnel.bench.notes.requests.empty(); }));
  EXPECT_EQ(tunnel.bench.last().status, 101);
  EXPECT_EQ(tunnel.bench.last().reason, Reason::Upstream);
}

/// Both ends have sent FIN when the gateway looks: the client's last bytes still belong to the backend.
TEST(Tunnel, TheBackendEndsFirstAndTheClientsLastBytesArrive) {
  Tunnel tunnel;
  tunnel.backend.finish();
  tunnel.bench.expect_end(tunnel.client);
  tunnel.client.send("last words");
  tunnel.client.finish();
  tunnel.bench.expect_end(tunnel.backend);
  EXPECT_EQ(tunnel.backend.received, "last words");
  EXPECT_TRUE(tunnel.bench.run_until([&] { return tunnel.bench.notes.open == 0; }));
  EXPECT_EQ(tunnel.bench.last().reason, Reason::Upstream);
}

TEST(Tunnel, AResetOnOneSideIsOneOnTheOther) {
  Tunnel tunnel;
  tunnel.backend.reset();
  tunnel.bench.expect_cut(tunnel.client);
  Tunnel other;
  other.client.reset();
  EXPECT_TRUE(other.bench.run_until([&] { return other.backend.pull(), other.backend.ended || other.backend.cut; }));
  EXPECT_EQ(other.bench.last().reason, Reason::ClientClosed);
}

TEST(Tunnel, HasAnIdleDeadline) {
  Settings settings;
  settings.timeouts.tunnel_idle = 100ms;
  Tunnel tunnel(settings);
  tunnel.bench.expect_cut(tunnel.client);
  EXPECT_EQ(tunnel.bench.last().reason, Reason::RequestTimeout);
}

/// A side that takes nothing stops the other; then all bytes arrive, in order, both ways at once.
TEST(Tunnel, BackPressureBothWays) {
  Tunnel tunnel;
  constexpr std::size_t size = 24 << 20;
  std::string data(size, '\0');
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 7919 >> 8);
  std::size_t up = 0;
  std::size_t down = 0;
  unsigned quiet = 0;
  while (quiet < 20) {
    const std::size_t n = tunnel.client.push(std::string_view(data).substr(up)) +
                          (down += tunnel.backend.push(std::string_view(data).substr(down)), 0);
    up += n;
    quiet = n == 0 ? quiet + 1 : 0;
    tunnel.bench.settle();
  }
  EXPECT_LT(up, size) << "the sockets alone hold it: the test proves nothing";
  EXPECT_LE(tunnel.bench.context.buffers.in_use() * net::buffer_size, 300U * 1024);
  EXPECT_TRUE(tunnel.bench.run_until([&] {
    up += tunnel.client.push(std::string_view(data).substr(up));
    down += tunnel.backend.push(std::string_view(data).substr(down));
    return tunnel.client.pull().size() + tunnel.backend.pull().size() == 2 * size;
  }));
  EXPECT_TRUE(tunnel.client.received == data);
  EXPECT_TRUE(tunnel.backend.received == data);
}

TEST(Tunnel, A200IsNone) {
  Bench bench;
  Peer peer;
  bench.serve({&peer});
  End client = bench.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nRAW BYTES\r\n\r\n");
  End backend = bench.accept(peer);
  bench.expect(backend, "\r\n\r\n");
  backend.send("HTTP/1.1 200 OK\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok");
  const std::string answers = bench.expect(client, "400 Bad Request");
  EXPECT_FALSE(answers.contains("Upgrade")) << answers;
  bench.settle();
  EXPECT_FALSE(backend.pull().contains("RAW"));
}

}  // namespace
}  // namespace pintle::proxy
