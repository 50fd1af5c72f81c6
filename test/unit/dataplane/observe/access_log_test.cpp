#include "dataplane/observe/access_log.hpp"

#include <array>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/unit/dataplane/observe/fixture.hpp"

namespace pintle::observe {
namespace {

class Pipe {
 public:
  Pipe() {
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  [[nodiscard]] int writer() const { return ends_[1]; }
  [[nodiscard]] std::string read_all() const {
    std::string all;
    std::array<char, 65536> part{};
    for (ssize_t got = 0; (got = read(ends_[0], part.data(), part.size())) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    return all;
  }

 private:
  std::array<int, 2> ends_{};
};

TEST(AccessLog, AllFields) {
  const Pipe pipe;
  const Scene scene;
  RequestRecord record = scene.record();
  record.request_id = "r1";
  record.query = "token=canary";
  record.user_agent = "curl\r\n\"x\"";
  record.tls_version = "TLSv1.3";
  record.tls_server_name = "shop.localhost";
  record.scheme = runtime::SocketProtocol::Https;
  record.upstream_connect = std::chrono::microseconds(100);
  record.upstream_first_byte = std::chrono::microseconds(900);
  record.request_body_bytes = 5;
  record.response_body_bytes = 7;
  record.reason_detail = "why";
  record.generation = {3};
  {
    AccessLog log(AccessLogTarget::borrow(pipe.writer()), QueryField::LeaveOut);
    log.append(record);
  }
  const std::string text = pipe.read_all();
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  auto line = nlohmann::json::parse(text);
  EXPECT_THAT(line.at("timestamp").get<std::string>(),
              testing::MatchesRegex("20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]+Z"));
  line.erase("timestamp");
  EXPECT_EQ(line, nlohmann::json::parse(R"({"request_id":"r1","http.request.method":"GET","url.scheme":"https",
    "server.address":"shop.localhost","server.port":8080,"url.path":"/","network.protocol.version":"1.1",
    "http.request.body.size":5,"user_agent.original":"curl\r\n\"x\"","http.response.status_code":200,
    "http.response.body.size":7,"client.address":"127.0.0.1","client.port":4000,"network.peer.address":"127.0.0.1",
    "tls.protocol.version":"1.3","tls.server_name":"shop.localhost","gateway":"default/demo","listener":"http",
    "route":"default/shop","rule":"1","backend":"default/shop-v1:80","upstream.address":"127.0.0.1:9001",
    "upstream.protocol.version":"2","upstream.status_code":200,"attempts":1,"duration_ms":3.0,"overhead_ms":1.0,"upstream_connect_ms":0.1,
    "upstream_ttfb_ms":0.9,"reason":"upstream","reason_detail":"why","config_generation":3})"));
}

TEST(AccessLog, QueryOnlyWhenAsked) {
  const Pipe pipe;
  const Scene scene;
  RequestRecord record = scene.record();
  record.query = "a=1";
  AccessLog log(AccessLogTarget::borrow(pipe.writer()), QueryField::Write);
  log.append(record);
  log.flush();
  EXPECT_EQ(nlohmann::json::parse(pipe.read_all()).at("url.query"), "a=1");
}

TEST(AccessLog, WaitsForTheInterval) {
  const Pipe pipe;
  const Scene scene;
  const RequestRecord record = scene.record();
  AccessLog log(AccessLogTarget::borrow(pipe.writer()), QueryField::LeaveOut);
  log.append(record);
  log.on_turn_end(record.ended + Millis(99));
  EXPECT_EQ(pipe.read_all(), "");
  log.on_turn_end(record.ended + Millis(100));
  EXPECT_NE(pipe.read_all(), "");
}

TEST(AccessLog, AReaderThatSleepsCostsLinesNotTime) {
  const Pipe pipe;
  const Scene scene;
  AccessLog log(AccessLogTarget::borrow(pipe.writer()), QueryField::LeaveOut);
  for (int i = 0; i < 5000; ++i) log.append(scene.record());  // far more than pipe and buffer hold
  EXPECT_GT(log.dropped_lines(), 0U);
  std::string text = pipe.read_all();
  for (int i = 0; i < 100; ++i) {
    log.flush();
    text += pipe.read_all();
  }
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); ++lines) {
    const std::size_t end = text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    ASSERT_TRUE(nlohmann::json::accept(text.substr(at, end - at)));
    at = end + 1;
  }
  EXPECT_EQ(lines + log.dropped_lines(), 5000U);
}

TEST(AccessLog, NoFile) { EXPECT_FALSE(AccessLogTarget::open_file("/nonexistent/folder/access.log").has_value()); }

}  // namespace
}  // namespace pintle::observe
