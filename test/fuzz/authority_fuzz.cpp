// Host and authority (req 28, 30).
// Property: a text is taken exactly if a plain reading of the grammar takes it (written here a second time, on
// strings); the host comes out in lower case without its trailing dot; host and port put together again parse to
// themselves.
#include <arpa/inet.h>
#include <cctype>
#include <optional>

#include <pintle/http/authority.hpp>

#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

struct Plain {
  std::string host;
  unsigned port = 0;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool is_name(const std::string& host) {
  if (host.empty() || host.size() > http::Authority::max_host || host.front() == '.') return false;
  if (host.find("..") != std::string::npos) return false;
  return host.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") ==
         std::string::npos;
}

bool is_literal(const std::string& host) {
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return false;
  const std::string address = host.substr(1, host.size() - 2);
  in6_addr parsed{};
  return address.find('\0') == std::string::npos && inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

std::optional<Plain> plainly_parsed(const std::string& text) {
  const std::size_t close = text.starts_with('[') ? text.find(']') : 0;
  if (close == std::string::npos) return std::nullopt;
  const std::size_t colon = text.find(':', close);
  Plain plain{text.substr(0, colon)};
  if (!is_literal(plain.host) && !is_name(plain.host)) return std::nullopt;
  if (plain.host.ends_with('.')) plain.host.pop_back();
  plain.host = lower(plain.host);
  if (colon == std::string::npos) return plain;
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  plain.port = static_cast<unsigned>(std::stoul(port));
  if (plain.port == 0 || plain.port > 65535) return std::nullopt;
  return plain;
}

void run(std::string_view input) {
  http::Authority authority;
  const bool taken = !http::parse_authority(input, authority);
  const std::optional<Plain> plain = plainly_parsed(std::string(input));
  require(taken == plain.has_value(), "taken by both or by none", input);
  if (!taken) return;
  require(authority.host() == plain->host, "one host", authority.host());
  require(authority.port == plain->port, "one port", authority.host());
  std::string joined(authority.host());
  if (authority.port != 0) joined += ":" + std::to_string(authority.port);
  http::Authority again;
  require(!http::parse_authority(joined, again), "parses again", joined);
  require(again.host() == authority.host() && again.port == authority.port, "to itself", joined);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
