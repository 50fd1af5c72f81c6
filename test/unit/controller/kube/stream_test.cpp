#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "controller/kube/client.hpp"
#include "controller/kube/line_splitter.hpp"
#include "test/fake/api_server.hpp"
#include "test/unit/controller/kube/loop.hpp"

namespace pintle::kube {
namespace {

using namespace std::chrono_literals;
using fake::ApiServer;
using fake::Reply;
using fake::SeenRequest;
using testing::EventLoop;

/// A stream under way, and what it reported.
struct Watched : EventLoop {
  explicit Watched(ApiServer::Script script, Millis silence = 10s, ClientLimits limits = {})
      : server(io, std::move(script)) {
    Connection connection;
    connection.server.url = server.url();
    client = std::move(*Client::make(io, *clock, std::move(connection), limits));
    call = client->stream({.path = "/watch", .query = {}, .body = {}, .timeout = silence},
                          {.on_open = [this] { ++opened; },
                           .on_line = [this](std::string_view line) { lines.emplace_back(line); },
                           .on_end = [this](Result<Response> given) { end = std::move(given); }});
  }
  bool until_lines(std::size_t count) {
    return until([this, count] { return lines.size() >= count; });
  }
  bool until_end() {
    return until([this] { return end.has_value(); });
  }
  std::unique_ptr<Clock> clock = make_clock(io);
  ApiServer server;
  std::unique_ptr<Client> client;
  Call call;
  int opened = 0;
  std::vector<std::string> lines;
  std::optional<Result<Response>> end;
};

[[nodiscard]] Reply streams(const SeenRequest& /*seen*/) { return fake::stream_head(); }

TEST(Stream, IsOpenBeforeItsFirstLine) {
  Watched watched(streams);
  EXPECT_TRUE(watched.until([&] { return watched.opened == 1; }));
  EXPECT_TRUE(watched.lines.empty());
  EXPECT_FALSE(watched.end);
}

TEST(Stream, GivesLinesHoweverTheyAreCut) {
  Watched watched(streams);
  ASSERT_TRUE(watched.until([&] { return watched.opened == 1; }));
  watched.server.say(fake::chunk("{\"a\":"));
  watched.server.say(fake::chunk("1}\n{\"b\":2}\r\n{\"c\""));
  ASSERT_TRUE(watched.until_lines(2));
  watched.server.say(fake::chunk(":3}\n"));
  ASSERT_TRUE(watched.until_lines(3));
  EXPECT_EQ(watched.lines, (std::vector<std::string>{R"({"a":1})", R"({"b":2})", R"({"c":3})"}));
  watched.server.say(std::string(fake::last_chunk));
  ASSERT_TRUE(watched.until_end());
  ASSERT_TRUE(*watched.end);
  EXPECT_EQ((*watched.end)->status, 200);
}

TEST(Stream, ThatIsCutInsideAChunkIsAnErrorAndItsHalfLineIsDropped) {
  Watched watched(streams);
  ASSERT_TRUE(watched.until([&] { return watched.opened == 1; }));
  watched.server.say(fake::chunk("{\"a\":1}\n") + "ff\r\n{\"half");
  ASSERT_TRUE(watched.until_lines(1));
  watched.server.cut(Reply::Then::Close);
  ASSERT_TRUE(watched.until_end());
  EXPECT_FALSE(*watched.end);
  EXPECT_EQ(watched.lines.size(), 1U);
}

TEST(Stream, ThatIsResetIsAnError) {
  Watched watched(streams);
  ASSERT_TRUE(watched.until([&] { return watched.opened == 1; }));
  watched.server.cut(Reply::Then::Reset);
  ASSERT_TRUE(watched.until_end());
  ASSERT_FALSE(*watched.end);
  EXPECT_EQ(watched.end->error().code, ErrorCode::Reset);
}

TEST(Stream, ThatIsRefusedGivesTheAnswer) {
  Watched watched([](const SeenRequest&) { return fake::reply(410, R"({"kind":"Status"})"); });
  ASSERT_TRUE(watched.until_end());
  ASSERT_TRUE(*watched.end);
  EXPECT_EQ((*watched.end)->status, 410);
  EXPECT_EQ((*watched.end)->body, R"({"kind":"Status"})");
  EXPECT_EQ(watched.opened, 0);
}

TEST(Stream, ThatIsSilentIsEnded) {
  Watched watched(streams, 50ms);
  ASSERT_TRUE(watched.until_end());
  ASSERT_FALSE(*watched.end);
  EXPECT_EQ(watched.end->error().code, ErrorCode::Timeout);
}

TEST(Stream, ALineHasALimit) {
  Watched watched(streams, 10s, {.line = 100});
  ASSERT_TRUE(watched.until([&] { return watched.opened == 1; }));
  watched.server.say(fake::chunk("short\n" + std::string(101, 'x')));
  ASSERT_TRUE(watched.until_end());
  ASSERT_FALSE(*watched.end);
  EXPECT_EQ(watched.end->error().code, ErrorCode::TooLarge);
}

TEST(Stream, MayBeLetGoOfFromInsideALine) {
  Watched watched(streams);
  std::vector<std::string> lines;
  watched.call = watched.client->stream({.path = "/second", .query = {}, .body = {}},
                                        {.on_open = {},
                                         .on_line =
                                             [&](std::string_view line) {
                                               lines.emplace_back(line);
                                               watched.call.cancel();
                                             },
                                         .on_end = [](const Result<Response>&) { ADD_FAILURE() << "reported"; }});
  ASSERT_TRUE(watched.until(
      [&] { return watched.server.seen().size() >= 1 && watched.server.seen().back().target == "/second"; }));
  watched.server.say(fake::chunk("one\ntwo\n") + std::string(fake::last_chunk));
  ASSERT_TRUE(watched.until([&] { return !lines.empty(); }));
  watched.poll();
  EXPECT_EQ(lines, (std::vector<std::string>{"one"}));
}

TEST(Stream, ManyRunBesideRequests) {
  Watched watched([](const SeenRequest& seen) {
    return seen.target == "/watch" ? fake::stream_head() : fake::reply(200, seen.target);
  });
  ASSERT_TRUE(watched.until([&] { return watched.opened == 1; }));
  std::vector<Call> calls;
  int answers = 0;
  for (int i = 0; i < 20; ++i)
    calls.push_back(watched.client->send({.path = "/x", .query = {}, .body = {}}, [&](const Result<Response>& answer) {
      EXPECT_EQ(answer.value().body, "/x");
      ++answers;
    }));
  EXPECT_TRUE(watched.until([&] { return answers == 20; }));
  EXPECT_FALSE(watched.end);
}

TEST(LineSplitter, CutAtEveryByteTheLinesAreTheSame) {
  const std::string bytes = "one\ntwo two\r\n\nthree\nrest";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    LineSplitter splitter(100);
    std::vector<std::string> lines;
    EXPECT_TRUE(splitter.add(std::string_view(bytes).substr(0, cut), lines));
    EXPECT_TRUE(splitter.add(std::string_view(bytes).substr(cut), lines));
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two two", "", "three"})) << cut;
  }
}

}  // namespace
}  // namespace pintle::kube
