#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <sys/epoll.h>

namespace pintle::bench {

/// A listening socket of 127.0.0.1, not blocking. No SO_REUSEPORT: a second program on the port must fail.
int listen_on(std::uint16_t port);
/// The next client, TCP_NODELAY set; -1 when there is none.
int accept_from(int listener);

enum class Connecting { Waits, InBackground };
/// A connection to 127.0.0.1, not blocking, TCP_NODELAY set; -1 with errno on failure.
int connect_to(std::uint16_t port, Connecting how);

/// Registered once for reading and writing, edge-triggered; `tag` comes back with each event.
void watch(int epoll, int descriptor, void* tag);

/// Events of `epoll` within `nanoseconds` (below 0: without limit); room is the caller's.
std::span<epoll_event> wait_for_events(int epoll, std::span<epoll_event> room, std::int64_t nanoseconds);

/// As recv and send without SIGPIPE, repeated after a signal.
std::ptrdiff_t read_some(int descriptor, std::span<char> into);
std::ptrdiff_t write_some(int descriptor, std::span<const char> bytes);

}  // namespace pintle::bench
