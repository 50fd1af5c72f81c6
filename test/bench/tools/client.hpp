#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/types.h>

#include "test/bench/tools/message_reader.hpp"

namespace pintle::bench {

struct SslContextDeleter {
  void operator()(SSL_CTX* context) const noexcept;
};
struct SslDeleter {
  void operator()(SSL* ssl) const noexcept;
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextDeleter>;

/// TLS 1.3 alone, nothing verified, no session kept: every handshake is a full one.
SslContext make_client_context();

/// What every connection of a run shares.
struct Target {
  std::uint16_t port = 0;
  std::string request;      // raw bytes
  std::string server_name;  // SNI; TLS alone
  SSL_CTX* tls = nullptr;   // null: plain
};

/// One connection that sends the request of its target when told to and finds the end of the answer. Not blocking:
/// `advance` goes on after each event of an edge-triggered epoll.
class Client {
 public:
  enum class State { Closed, Connecting, Idle, Asking };
  enum class Outcome { Pending, Connected, Answered, Failed };

  explicit Client(const Target& target) : target_(target) {}
  ~Client() { drop(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False when the kernel refuses. The first `advance` that is not Pending says Connected or Failed.
  bool connect(int epoll);
  /// Idle only. Pending or Failed; the answer is for `advance`.
  Outcome ask();
  Outcome advance();
  void drop();

  [[nodiscard]] State state() const noexcept { return state_; }
  /// The answer said 200; read it right after Answered.
  [[nodiscard]] bool answered_well() const { return reader_.head().starts_with("HTTP/1.1 200"); }

  std::int64_t intended = 0;  // when the request that is on its way should have been sent, ns; the caller's

 private:
  enum class Io { Moved, Blocked, Ended };
  [[nodiscard]] Io write_request();
  [[nodiscard]] Io read_answer();
  [[nodiscard]] Io shake_hands();
  [[nodiscard]] Outcome connect_further();

  const Target& target_;
  State state_ = State::Closed;
  int descriptor_ = -1;
  std::unique_ptr<SSL, SslDeleter> ssl_;
  std::string_view unsent_;
  MessageReader reader_;
};

}  // namespace pintle::bench
