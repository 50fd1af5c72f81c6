#include "src/app/http_client.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <pintle/http/headers.hpp>

#include "dataplane/net/connection.hpp"
#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

using SslContext = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using SslSession = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// A connected blocking socket with deadlines, plain or TLS.
class Wire {
 public:
  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() {
    ssl_.reset();
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] Result<void> connect(const FetchRequest& request) {
    const net::RawAddress raw = net::to_raw(request.address);
    fd_ = ::socket(request.address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return make_error(ErrorCode::Exhausted, std::strerror(errno));
    const timeval limit{.tv_sec = request.patience.count() / 1000, .tv_usec = request.patience.count() % 1000 * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(raw.bytes), raw.length) != 0)
      return make_error(ErrorCode::Unreachable,
                        fmt::format("{}: {}", to_string(request.address), std::strerror(errno)));
    return request.ca_file.empty() ? Result<void>() : start_tls(request);
  }
  [[nodiscard]] bool send(std::string_view bytes) {
    if (ssl_)
      return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// 0 at the end, negative on a fault.
  [[nodiscard]] long receive(std::span<char> into) {
    if (!ssl_) return ::recv(fd_, into.data(), into.size(), 0);
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return got;
    return SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }

 private:
  [[nodiscard]] Result<void> start_tls(const FetchRequest& request) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_ || SSL_CTX_load_verify_file(context_.get(), request.ca_file.c_str()) != 1)
      return make_error(ErrorCode::TlsFailed, fmt::format("cannot read the CA {}", request.ca_file));
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    ssl_.reset(SSL_new(context_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), fd_) != 1 ||
        SSL_set_tlsext_host_name(ssl_.get(), request.server_name.c_str()) != 1 ||
        SSL_set1_host(ssl_.get(), request.server_name.c_str()) != 1 || SSL_connect(ssl_.get()) != 1) {
      const char* why = ERR_reason_error_string(ERR_get_error());
      return make_error(ErrorCode::TlsFailed, fmt::format("TLS with {}: {}", request.server_name,
                                                          why == nullptr ? "the connection ended" : why));
    }
    return {};
  }
  int fd_ = -1;
  SslContext context_{nullptr, &SSL_CTX_free};
  SslSession ssl_{nullptr, &SSL_free};
};

[[nodiscard]] bool parse_head(std::string_view head, FetchResponse& out) {
  const std::size_t end = head.find("\r\n");
  const std::string_view first = head.substr(0, end);
  if (first.size() < 12 || !first.starts_with("HTTP/1.")) return false;
  const auto [last, fault] = std::from_chars(first.data() + 9, first.data() + 12, out.status);
  if (fault != std::errc{}) return false;
  std::string_view rest = end == std::string_view::npos ? std::string_view() : head.substr(end + 2);
  while (!rest.empty()) {
    const std::size_t line_end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, line_end);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    out.headers.emplace_back(line.substr(0, colon), value);
    rest.remove_prefix(std::min(line_end + 2, rest.size()));
  }
  return true;
}

[[nodiscard]] bool decode_chunks(std::string& body) {
  std::string out;
  std::string_view rest = body;
  for (;;) {
    const std::size_t end = rest.find("\r\n");
    std::size_t size = 0;
    if (end == std::string_view::npos) return false;
    const auto [last, fault] = std::from_chars(rest.data(), rest.data() + end, size, 16);
    if (fault != std::errc{}) return false;
    rest.remove_prefix(end + 2);
    if (size == 0) break;
    if (rest.size() < size + 2) return false;
    out += rest.substr(0, size);
    rest.remove_prefix(size + 2);
  }
  body = std::move(out);
  return true;
}

}  // namespace

std::string_view FetchResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (http::name_equals(key, name)) return value;
  return {};
}

Result<FetchResponse> fetch(const FetchRequest& request) {
  Wire wire;
  if (auto connected = wire.connect(request); !connected) return std::unexpected(connected.error());
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", request.method, request.target, request.host);
  for (const std::string& line : request.headers) head += line + "\r\n";
  head += "\r\n";
  const auto begin = std::chrono::steady_clock::now();
  if (!wire.send(head)) return make_error(ErrorCode::Unreachable, "the connection ended while asking");

  std::string bytes;
  std::array<char, 16384> part{};
  long got = 0;
  while ((got = wire.receive(part)) > 0) bytes.append(part.data(), static_cast<std::size_t>(got));
  FetchResponse response;
  response.time = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos)
    return make_error(got < 0 ? ErrorCode::Timeout : ErrorCode::Closed,
                      fmt::format("no answer from {}", to_string(request.address)));
  if (!parse_head(std::string_view(bytes).substr(0, end), response))
    return make_error(ErrorCode::Malformed, fmt::format("{} does not speak HTTP", to_string(request.address)));
  response.body = bytes.substr(end + 4);
  if (response.header("transfer-encoding") == "chunked" && !decode_chunks(response.body))
    return make_error(ErrorCode::Malformed, "the answer was cut");
  return response;
}

Result<FetchResponse> fetch_admin(const std::string& admin, const std::string& target) {
  const auto address = parse_address_and_port(admin);
  if (!address) return std::unexpected(address.error());
  FetchRequest request;
  request.address = *address;
  request.target = target;
  request.host = admin;
  auto response = fetch(request);
  if (!response)
    return make_error(ErrorCode::Unreachable,
                      fmt::format("no running pintle answers at {} ({}); name it with --admin IP:PORT, or look at "
                                  "manifests with --config DIR",
                                  admin, response.error().context));
  if (response->status != 200)
    return make_error(response->status == 400 ? ErrorCode::InvalidArgument : ErrorCode::Unsupported,
                      fmt::format("{}{}: status {}: {}", admin, target, response->status, response->body));
  return response;
}

}  // namespace pintle::app
