// pintle check: what a health check or a test of an installation asks, without a shell or curl in the image.
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

#include <fmt/format.h>

#include "src/app/commands.hpp"
#include "src/app/http_client.hpp"
#include "src/app/url.hpp"

namespace pintle::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Millis pause{500};

[[nodiscard]] runtime::SocketAddress from_raw(const sockaddr& raw) {
  runtime::SocketAddress address;
  if (raw.sa_family == AF_INET6) {
    address.v6 = true;
    std::memcpy(address.ip.data(), &reinterpret_cast<const sockaddr_in6&>(raw).sin6_addr, 16);
  } else {
    std::memcpy(address.ip.data(), &reinterpret_cast<const sockaddr_in&>(raw).sin_addr, 4);
  }
  return address;
}

/// The first address of a name, or a literal IP as it is. Blocks.
[[nodiscard]] Result<runtime::SocketAddress> resolve_host(const Url& url) {
  std::string name = url.host;
  if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int fault = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); fault != 0)
    return make_error(ErrorCode::Unreachable, fmt::format("{}: {}", name, ::gai_strerror(fault)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  runtime::SocketAddress address = from_raw(*found->ai_addr);
  address.port = url.port;
  return address;
}

/// Empty when the answer is the expected one, else what is wrong with it.
[[nodiscard]] Result<void> ask_once(const CheckOptions& options, const Url& url) {
  const auto address = resolve_host(url);
  if (!address) return std::unexpected(address.error());
  const auto response = fetch({.address = *address,
                               .target = url.target,
                               .host = options.host.empty() ? url.authority : options.host,
                               .headers = {},
                               .ca_file = {},
                               .server_name = {}});
  if (!response) return std::unexpected(response.error());
  if (response->status == options.expect_status) return {};
  return make_error(ErrorCode::InvalidArgument,
                    fmt::format("status {} came, {} was expected", response->status, options.expect_status));
}

}  // namespace

Exit run_check(const CheckOptions& options, Terminal& terminal) {
  const auto url = parse_url(options.url);
  if (!url || url->scheme != "http") {
    terminal.err << "error: " << (url ? "check asks plain http:// URLs" : url.error().context) << '\n';
    return Exit::Usage;
  }
  const Clock::time_point end = Clock::now() + options.wait;
  Result<void> answer = ask_once(options, *url);
  while (!answer && Clock::now() + pause <= end) {
    std::this_thread::sleep_for(pause);
    answer = ask_once(options, *url);
  }
  if (answer) {
    terminal.out << fmt::format("ok: {} answers {}\n", printable(options.url), options.expect_status);
    return Exit::Fine;
  }
  terminal.err << fmt::format("error: {}: {}\n", printable(options.url), answer.error().context);
  return answer.error().code == ErrorCode::InvalidArgument ? Exit::Failed : Exit::Unreachable;
}

}  // namespace pintle::app
