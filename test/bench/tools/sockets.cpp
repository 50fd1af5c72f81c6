#include "test/bench/tools/sockets.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/core.h>

#include "test/bench/tools/flags.hpp"

namespace pintle::bench {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_option(int descriptor, int level, int name) {
  const int on = 1;
  setsockopt(descriptor, level, name, &on, sizeof on);
}

}  // namespace

int listen_on(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  set_option(listener, SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, SOMAXCONN) != 0)
    give_up(fmt::format("port {}: {}", port, std::strerror(errno)));
  return listener;
}

int accept_from(int listener) {
  const int descriptor = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) set_option(descriptor, IPPROTO_TCP, TCP_NODELAY);
  return descriptor;
}

int connect_to(std::uint16_t port, Connecting how) {
  const int background = how == Connecting::InBackground ? SOCK_NONBLOCK : 0;
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | background, 0);
  if (descriptor < 0) return -1;
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY);
  const sockaddr_in address = loopback(port);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

void watch(int epoll, int descriptor, void* tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = tag;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) give_up(std::strerror(errno));
}

std::span<epoll_event> wait_for_events(int epoll, std::span<epoll_event> room, std::int64_t nanoseconds) {
  constexpr std::int64_t second = 1'000'000'000;
  const timespec limit{.tv_sec = nanoseconds / second, .tv_nsec = nanoseconds % second};
  const int count =
      epoll_pwait2(epoll, room.data(), static_cast<int>(room.size()), nanoseconds < 0 ? nullptr : &limit, nullptr);
  return room.first(count < 0 ? 0 : static_cast<std::size_t>(count));
}

std::ptrdiff_t read_some(int descriptor, std::span<char> into) {
  std::ptrdiff_t count = 0;
  do count = recv(descriptor, into.data(), into.size(), MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count;
}

std::ptrdiff_t write_some(int descriptor, std::span<const char> bytes) {
  std::ptrdiff_t count = 0;
  do count = send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace pintle::bench
