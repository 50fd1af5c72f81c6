// Copies of requests for other backends.
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

struct Mirrored : testing::Test {
  Mirrored() {
    route::Mirror mirror;
    mirror.backend = {1};
    mirror.name = "default/other:80";
    route::Rule rule;
    rule.filters.mirrors = std::vector{mirror};
    bench.others = {&other};
    bench.serve({&backend}, std::move(rule));
  }
  Bench bench;
  Peer backend;
  Peer other;
};

TEST_F(Mirrored, ACopyOnAStaleConnectionIsSentAgain) {
  End client = bench.connect();
  client.send(get);
  End served = bench.accept(backend);
  End copied = bench.accept(other);
  bench.expect(copied, "\r\n\r\n");
  copied.send(ok);
  bench.expect(served, "\r\n\r\n");
  served.send(ok);
  bench.expect(client, "ok");
  bench.settle();

  client.send(get);
  bench.expect(copied, "\r\n\r\n");  // by the pooled connection, which dies
  copied.finish();
  End again = bench.accept(other);
  bench.expect(again, "\r\n\r\n");
  again.send(ok);
  served.send(ok);
  bench.expect(client, "ok");
}

TEST_F(Mirrored, ACopyThatMayHaveHadItsEffectIsNot) {
  constexpr std::string_view post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi";
  End client = bench.connect();
  client.send(post);
  End served = bench.accept(backend);
  End copied = bench.accept(other);
  bench.expect(copied, "hi");
  copied.send(ok);
  served.send(ok);
  bench.expect(client, "ok");
  bench.settle();
  client.send(post);
  bench.expect(copied, "hi");
  copied.finish();
  served.send(ok);
  bench.expect(client, "ok");
  bench.settle();
  EXPECT_FALSE(other.accept().is_open());
}

}  // namespace
}  // namespace pintle::proxy
