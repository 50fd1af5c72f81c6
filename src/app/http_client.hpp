// A small blocking HTTP/1.1 client for the commands: one request per connection, over loopback or to an admin address.
// Not for the data plane. Any thread; blocks at most for the time given.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::app {

struct FetchRequest {
  runtime::SocketAddress address;
  std::string method = "GET";
  std::string target = "/";
  std::string host;
  std::vector<std::string> headers;  ///< "Name: value"
  std::string ca_file;               ///< not empty: TLS, verified against it, with `server_name`
  std::string server_name;
  Millis patience{5000};
};
struct FetchResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::microseconds time{0};  ///< from the first byte sent to the last received, without connecting

  [[nodiscard]] std::string_view header(std::string_view name) const;
};
/// Unreachable when nothing answers; TlsFailed, Timeout, Malformed.
[[nodiscard]] Result<FetchResponse> fetch(const FetchRequest& request);

/// GET of a path of an admin address given as "IP:PORT"; the error says what to do.
[[nodiscard]] Result<FetchResponse> fetch_admin(const std::string& admin, const std::string& target);

}  // namespace pintle::app
