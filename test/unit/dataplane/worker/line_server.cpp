#include "test/unit/dataplane/worker/line_server.hpp"

#include <cerrno>
#include <cstdlib>
#include <sys/socket.h>
#include <sys/time.h>

#include <fmt/core.h>

namespace pintle::worker {
namespace {

class LineSession final : public net::Session {
 public:
  LineSession(net::WorkerContext& context, std::shared_ptr<const net::BoundSocket> socket, net::Connection&& connection,
              Seen& seen)
      : Session(context, std::move(socket)), connection_(std::move(connection)), seen_(seen) {
    ++seen_.started;
    if (!context.poller.add(connection_.descriptor(), *this)) std::abort();
  }
  ~LineSession() override { ++seen_.ended; }

  void drain() override {
    if (is_idle()) return close();
    draining_ = true;
  }
  void close() override {
    if (connection_.is_open()) context().poller.remove(connection_.descriptor(), *this);
    connection_.close();
    end();
  }
  bool is_idle() const noexcept override { return line_.empty(); }

 private:
  void on_events(std::uint32_t) override {
    char bytes[512];
    for (;;) {
      const net::IoResult read = connection_.read(bytes);
      line_.append(bytes, read.bytes);
      if (read.status == net::IoStatus::WouldBlock) break;
      if (read.status != net::IoStatus::Ok) return close();
    }
    for (auto end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
      const std::string answer =
          fmt::format("{} {} {} {}\n", context().worker_index, context().current->generation.value, socket().id.value,
                      line_.substr(0, end));
      static_cast<void>(connection_.write(std::string_view(answer)));
      line_.erase(0, end + 1);
      note_served();
      if (draining_ || !context().keep_alive_allowed()) return close();
    }
  }

  net::Connection connection_;
  Seen& seen_;
  std::string line_;
  bool draining_ = false;
};

class LineSessions final : public net::SessionFactory {
 public:
  LineSessions(net::WorkerContext& context, Seen& seen) : context_(context), seen_(seen) {}
  void start(net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket) override {
    new LineSession(context_, std::move(socket), std::move(connection), seen_);  // owns itself
  }

 private:
  net::WorkerContext& context_;
  Seen& seen_;
};

}  // namespace

MakeSessions make_line_sessions(Seen& seen) {
  return [&seen](net::WorkerContext& context) { return std::make_unique<LineSessions>(context, seen); };
}

LineClient::LineClient(const runtime::SocketAddress& address) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const net::RawAddress raw = net::to_raw(address);
  connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) == 0;
}

void LineClient::send(std::string_view text) {
  static_cast<void>(!::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL));
}

std::string LineClient::receive() {
  std::string line;
  for (char c = 0; ::recv(fd_.get(), &c, 1, 0) == 1 && c != '\n';) line += c;
  return line;
}

bool LineClient::is_ended() {
  char c = 0;
  const ssize_t n = ::recv(fd_.get(), &c, 1, 0);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

}  // namespace pintle::worker
