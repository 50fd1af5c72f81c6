// Pairs of connected sockets for tests, and a look at a descriptor from its peer's side.
#pragma once
#include <cerrno>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "dataplane/net/unique_fd.hpp"

namespace pintle::net {

struct SocketPair {
  SocketPair() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    ours = UniqueFd(fds[0]);
    theirs = UniqueFd(fds[1]);
  }
  UniqueFd ours;
  UniqueFd theirs;
};

inline void send_text(const UniqueFd& fd, std::string_view text) {
  ASSERT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

/// What is there now, at most `most` bytes.
inline std::string take_text(const UniqueFd& fd, std::size_t most = 1 << 20) {
  std::string text(most, '\0');
  const ssize_t n = ::recv(fd.get(), text.data(), text.size(), MSG_DONTWAIT);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

enum class PeerState : std::uint8_t { Silent, Speaks, Finished, Reset };
inline PeerState look_at(const UniqueFd& fd) {
  char byte = 0;
  const ssize_t n = ::recv(fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0) return PeerState::Speaks;
  if (n == 0) return PeerState::Finished;
  return errno == EAGAIN ? PeerState::Silent : PeerState::Reset;
}

}  // namespace pintle::net
