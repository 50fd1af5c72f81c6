// Large bodies of known length pass through a pipe of the worker's: same bytes, same ends, same counts as those that
// are read.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

namespace pintle::proxy {
namespace {

/// Nothing in it repeats at a distance that a lost or doubled piece could have.
std::string make_content(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t state = 1;
  for (char& c : content) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return content;
}

constexpr std::size_t size = 3'000'001;

struct PassTest : testing::Test {
  PassTest() { bench.serve({&peer}); }
  void open(std::string_view request) {
    client = bench.connect();
    client.send(request);
    backend = bench.accept(peer);
    bench.expect(backend, "\r\n\r\n");
  }
  /// Carries all of `content` from one end to the other.
  void carry(End& from, std::string_view text, End& to) {
    EXPECT_TRUE(bench.run_until([&] {
      text.remove_prefix(from.push(text));
      return to.pull(), to.received.size() >= content.size() || to.ended || to.cut;
    })) << to.received.size();
  }
  /// `from` speaks until the gateway takes no more; the length that was taken.
  std::size_t stuff(End& from, std::string_view text) {
    std::size_t taken = 0;
    for (int quiet = 0; quiet < 3;) {
      const std::size_t now = from.push(text.substr(taken));
      taken += now;
      bench.settle();
      quiet = now == 0 ? quiet + 1 : 0;
    }
    return taken;
  }
  [[nodiscard]] std::string answer_head() const {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", content.size());
  }
  [[nodiscard]] std::string upload_head() const {
    return fmt::format("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", content.size());
  }
  std::string content = make_content(size);
  Bench bench;
  Peer peer;
  End client;
  End backend;
};

TEST_F(PassTest, AnAnswer) {
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  carry(backend, content, client);
  EXPECT_TRUE(client.take() == content);
  EXPECT_GT(bench.context.pipes.passed(), size / 2);
  EXPECT_EQ(bench.context.pipes.lent_count(), 0U);
  EXPECT_EQ(bench.last().response_body, size);
  bench.round_trip(client, backend, get, ok, "ok");
  EXPECT_EQ(bench.notes.upstream_open, 1) << "both connections go on";
}

TEST_F(PassTest, AnUpload) {
  open(upload_head());
  carry(client, content, backend);
  EXPECT_TRUE(backend.take() == content);
  EXPECT_GT(bench.context.pipes.passed(), size / 2);
  backend.send(ok);
  bench.expect(client, "ok");
  EXPECT_EQ(bench.last().request_body, size);
  bench.round_trip(client, backend, get, ok, "ok");
}

TEST_F(PassTest, WithoutPipesItIsRead) {
  bench.context.pipes.set_limit(0);
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  carry(backend, content, client);
  EXPECT_TRUE(client.take() == content);
  EXPECT_EQ(bench.context.pipes.passed(), 0U);
}

TEST_F(PassTest, ASmallBodyIsRead) {
  content.resize(32 * 1024);
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  carry(backend, content, client);
  EXPECT_TRUE(client.take() == content);
  EXPECT_EQ(bench.context.pipes.passed(), 0U);
}

TEST_F(PassTest, NothingBehindAnAnswerIsPassed) {
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  carry(backend, content + "HTTP/1.1 200 OK\r\n\r\n", client);
  bench.settle();
  EXPECT_TRUE(client.pull() == content);
  EXPECT_EQ(bench.notes.upstream_open, 0) << "req 19";
}

TEST_F(PassTest, TheNextRequestBehindAnUploadIsARequest) {
  open(upload_head());
  carry(client, content + std::string(get), backend);
  backend.send(ok);
  bench.expect(client, "ok");
  EXPECT_TRUE(bench.expect(backend, "\r\n\r\n").starts_with(content + "GET / "));
}

TEST_F(PassTest, AnAnswerThatIsCutIsCut) {
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  EXPECT_TRUE(bench.run_until([&] {
    backend.push(std::string_view(content).substr(0, 100'000));
    return bench.context.pipes.passed() > 0;
  }));
  backend.finish();
  EXPECT_TRUE(bench.run_until([&] { return client.pull(), client.ended || client.cut; }));
  EXPECT_TRUE(client.cut);
  EXPECT_EQ(bench.last().reason, Reason::UpstreamReset);
}

TEST_F(PassTest, AnUploadThatIsCutIsNotComplete) {
  open(upload_head());
  EXPECT_TRUE(bench.run_until([&] {
    client.push(std::string_view(content).substr(0, 100'000));
    return bench.context.pipes.passed() > 0;
  }));
  client.finish();
  EXPECT_TRUE(bench.run_until([&] { return !bench.notes.requests.empty(); }));
  EXPECT_EQ(bench.last().reason, Reason::ClientClosed);
  EXPECT_EQ(bench.notes.upstream_open, 0);
}

TEST_F(PassTest, AReaderThatStallsHoldsOnePipeAndGoesOnLater) {
  content = make_content(40'000'000);
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  const std::size_t taken = stuff(backend, content);
  EXPECT_LT(taken, content.size()) << "back-pressure";
  EXPECT_EQ(bench.context.pipes.lent_count(), 1U);
  EXPECT_EQ(bench.context.buffers.in_use(), 1U) << "the head of the request: nothing of the body";
  carry(backend, std::string_view(content).substr(taken), client);
  EXPECT_TRUE(client.take() == content);
  EXPECT_EQ(bench.context.pipes.lent_count(), 0U);
}

TEST_F(PassTest, AReaderThatLeavesTakesThePipeAlong) {
  content = make_content(40'000'000);
  open(get);
  backend.send(answer_head());
  bench.expect(client, "\r\n\r\n");
  stuff(backend, content);
  EXPECT_EQ(bench.context.pipes.lent_count(), 1U);
  client.reset();
  EXPECT_TRUE(bench.run_until([&] { return !bench.notes.requests.empty(); }));
  EXPECT_EQ(bench.last().reason, Reason::ClientClosed);
  EXPECT_EQ(bench.context.pipes.lent_count(), 0U);
  EXPECT_EQ(bench.notes.upstream_open, 0);
}

TEST_F(PassTest, ABackendThatAnswersBeforeItHasTakenAll) {
  content = make_content(40'000'000);
  open(upload_head());
  stuff(client, content);
  EXPECT_EQ(bench.context.pipes.lent_count(), 1U);
  backend.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_TRUE(bench.expect(client, "no").contains("Connection: close\r\n"));
  EXPECT_EQ(bench.last().status, 413);
  EXPECT_EQ(bench.context.pipes.lent_count(), 0U);
}

}  // namespace
}  // namespace pintle::proxy
