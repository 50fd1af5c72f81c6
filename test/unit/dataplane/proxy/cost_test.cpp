// What a keep-alive request costs on a warm connection: no heap, two recv, two send (datapath.md). Counts every
// operator new of this binary, and the calls of recv, send and sendmsg, which the program makes by syscall(); the
// test's own ends use read and write.
#undef _FORTIFY_SOURCE  // its recv is inline: it could not be defined here
#include <array>
#include <cstdarg>
#include <cstdlib>
#include <dlfcn.h>
#include <new>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/bench.hpp"

#ifndef __has_feature
#define __has_feature(name) 0
#endif
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PINTLE_COUNTS_CALLS 0  // sanitizers put themselves before these functions
#else
#define PINTLE_COUNTS_CALLS 1
#endif

namespace {
std::size_t allocations = 0;
std::size_t receives = 0;
std::size_t sends = 0;
}  // namespace

#if PINTLE_COUNTS_CALLS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

// The program's own definitions come before the C library's.
extern "C" long syscall(long number, ...) noexcept {  // NOLINT: as unistd.h declares it
  using Real = long (*)(long, ...);
  static const auto real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "syscall"));
  receives += number == SYS_recvfrom ? 1 : 0;
  sends += number == SYS_sendto || number == SYS_sendmsg ? 1 : 0;
  std::array<long, 6> given{};
  va_list list;
  va_start(list, number);
  for (long& one : given) one = va_arg(list, long);
  va_end(list);
  return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
extern "C" ssize_t recv(int fd, void* bytes, std::size_t size, int flags) {
  return ::syscall(SYS_recvfrom, fd, bytes, size, flags, nullptr, nullptr);
}
extern "C" ssize_t __recv_chk(int fd, void* bytes, std::size_t size, std::size_t /*room*/, int flags) {  // NOLINT
  return recv(fd, bytes, size, flags);
}
#endif

namespace pintle::proxy {
namespace {

constexpr std::string_view browser_head =
    "Host: shop.example.test\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "Sec-Fetch-Mode: navigate\r\nUpgrade-Insecure-Requests: 1\r\n";
constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"
    "Connection: keep-alive\r\n\r\nhello";

struct Cost {
  std::size_t allocations, receives, sends;
};

/// Of one request once the connection is warm.
Cost cost_of(const std::string& request, std::string_view reply) {
  constexpr int warm = 20;
  constexpr int measured = 50;
  Bench bench;
  Peer peer;
  route::Rule rule;
  rule.filters.request = route::HeaderEdits{};
  rule.filters.request->set.push_back({.name = "X-Env", .value = "prod"});
  bench.serve({&peer}, std::move(rule));
  End client = bench.connect();
  End backend;
  Cost total{};
  char bytes[8192];
  for (int i = 0; i < warm + measured; ++i) {
    client.send(request);
    if (i == 0) backend = bench.accept(peer);
    const Cost before{allocations, receives, sends};
    // By hand, so that nothing of the test allocates meanwhile.
    ssize_t n = -1;
    while ((n = ::read(backend.descriptor(), bytes, sizeof bytes)) <= 0)
      static_cast<void>(bench.poller->wait(Millis(5)));
    EXPECT_EQ(::write(backend.descriptor(), reply.data(), reply.size()), static_cast<ssize_t>(reply.size()));
    while ((n = ::read(client.descriptor(), bytes, sizeof bytes)) <= 0)
      static_cast<void>(bench.poller->wait(Millis(5)));
    EXPECT_TRUE(std::string_view(bytes, static_cast<std::size_t>(n)).starts_with("HTTP/1.1 200 OK\r\n"));
    while (bench.poller->wait(Millis(0)) > 0) {
    }
    // The notes of the bench keep each record: not the gateway's.
    if (i < warm) continue;
    total.allocations += allocations - before.allocations;
    total.receives += receives - before.receives;
    total.sends += sends - before.sends;
  }
  EXPECT_EQ(bench.notes.requests.size(), static_cast<std::size_t>(warm + measured));
  EXPECT_EQ(bench.notes.upstream_open, 1) << "one connection to the backend for all";
  return {total.allocations, total.receives / measured, total.sends / measured};
}

TEST(Cost, OfAGet) {
  if (!PINTLE_COUNTS_CALLS) GTEST_SKIP() << "a sanitizer stands before the functions that are counted";
  const Cost cost = cost_of("GET /cart?id=7 HTTP/1.1\r\n" + std::string(browser_head) + "\r\n", answer);
  EXPECT_GT(allocations, 0U) << "the counter does not count";
  EXPECT_EQ(cost.allocations, 0U);
  EXPECT_EQ(cost.receives, 2U);
  EXPECT_EQ(cost.sends, 2U);
}

/// A lost POST cannot be sent again: one more recv looks whether the pooled connection was closed.
TEST(Cost, OfASmallPost) {
  if (!PINTLE_COUNTS_CALLS) GTEST_SKIP() << "a sanitizer stands before the functions that are counted";
  const Cost cost =
      cost_of("POST /cart HTTP/1.1\r\n" + std::string(browser_head) + "Content-Length: 11\r\n\r\nname=pintle", answer);
  EXPECT_EQ(cost.allocations, 0U);
  EXPECT_EQ(cost.receives, 3U);
  EXPECT_EQ(cost.sends, 2U);
}

TEST(Cost, OfChunkedBothWays) {
  if (!PINTLE_COUNTS_CALLS) GTEST_SKIP() << "a sanitizer stands before the functions that are counted";
  const Cost cost = cost_of(
      "PUT /cart HTTP/1.1\r\n" + std::string(browser_head) + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(cost.allocations, 0U);
  EXPECT_EQ(cost.receives, 2U);
  EXPECT_EQ(cost.sends, 2U);
}

}  // namespace
}  // namespace pintle::proxy
