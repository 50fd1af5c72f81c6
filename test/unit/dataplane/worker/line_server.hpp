// Sessions simple enough to test their worker with: a line in, one line out that tells who answered.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "dataplane/worker/worker.hpp"

namespace pintle::worker {

/// What all sessions of a pool have met; written by workers, read by the test.
struct Seen {
  std::atomic<int> started{0};
  std::atomic<int> ended{0};
};

/// Answers "line" with "<worker> <generation> <socket id> line". A line not yet complete is a request in flight.
[[nodiscard]] MakeSessions make_line_sessions(Seen& seen);

/// A blocking client with a deadline of five seconds for everything.
class LineClient {
 public:
  explicit LineClient(const runtime::SocketAddress& address);
  [[nodiscard]] bool is_connected() const noexcept { return connected_; }
  void send(std::string_view text);
  /// Up to the next newline, without it; "" at the end of the connection.
  [[nodiscard]] std::string receive();
  [[nodiscard]] std::string ask(const std::string& line) {
    send(line + "\n");
    return receive();
  }
  /// The server closed it.
  [[nodiscard]] bool is_ended();

 private:
  net::UniqueFd fd_;
  bool connected_ = false;
};

}  // namespace pintle::worker
