// recv and send as the kernel has them. Those of libc are cancellation points: in a program with threads each one turns
// cancellation on before the call and off after it, an atomic exchange both times. No thread is ever cancelled here.
// Result and errno as of libc.
#pragma once
#include <cstddef>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pintle::net::socket_calls {

[[nodiscard]] inline ssize_t receive(int fd, void* into, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_recvfrom, fd, into, size, flags, nullptr, nullptr);
}
[[nodiscard]] inline ssize_t send(int fd, const void* from, std::size_t size, int flags) noexcept {
  return ::syscall(SYS_sendto, fd, from, size, flags, nullptr, 0);
}
[[nodiscard]] inline ssize_t send(int fd, const msghdr& message, int flags) noexcept {
  return ::syscall(SYS_sendmsg, fd, &message, flags);
}

}  // namespace pintle::net::socket_calls
