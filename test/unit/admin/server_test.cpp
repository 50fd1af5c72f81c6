#include <arpa/inet.h>
#include <array>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/admin/admin.hpp"

namespace pintle::admin {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdminServer : public testing::Test {
 protected:
  void start(Sources sources) {
    auto made = Server::make(io_, {.ip = {127, 0, 0, 1}}, std::move(sources));
    ASSERT_TRUE(made.has_value()) << made.error().context;
    server_ = std::move(*made);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~AdminServer() override {
    work_.reset();
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  /// Sends bytes, reads until the server closes.
  [[nodiscard]] std::string talk(const std::string& bytes) const {
    const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server_->address().port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(send(s, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    std::string all;
    std::array<char, 4096> part{};
    for (ssize_t got = 0; (got = recv(s, part.data(), part.size(), 0)) > 0;)
      all.append(part.data(), static_cast<std::size_t>(got));
    close(s);
    return all;
  }
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(AdminServer, KeepAliveHeadAndClose) {
  Sources sources;
  sources.metrics = [] { return std::string("metric 1\n"); };
  start(std::move(sources));
  const std::string answer = talk(
      "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nmetric 1\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n")) << "HEAD has no body";
  EXPECT_THAT(answer, HasSubstr("Content-Length: 9\r\n"));
}

TEST_F(AdminServer, AnExceptionOfASourceIsA500AndTheServerLives) {
  Sources sources;
  sources.config = []() -> std::string { throw std::runtime_error("secret detail"); };
  start(std::move(sources));
  const std::string answer = talk("GET /config HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, Not(HasSubstr("secret detail")));
  EXPECT_THAT(talk("GET /livez HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 200"));
}

TEST_F(AdminServer, GarbageLongHeadsAndBodiesEndTheConnection) {
  start({});
  EXPECT_EQ(talk("\x16\x03\x01garbage\r\n\r\n"), "");
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x')), "");
  EXPECT_EQ(talk("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"), "");
}

TEST_F(AdminServer, ABusyPortIsNamed) {
  start({});
  const auto second = Server::make(io_, server_->address(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::AddressInUse);
  EXPECT_THAT(second.error().context, HasSubstr("127.0.0.1:" + std::to_string(server_->address().port)));
  EXPECT_THAT(second.error().context, HasSubstr("--admin"));
}

}  // namespace
}  // namespace pintle::admin
