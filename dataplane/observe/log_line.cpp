#include "dataplane/observe/log_line.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace pintle::observe {
namespace {

constexpr std::size_t tail_room = 4;  // "}\n" and a little
constexpr std::string_view hex = "0123456789abcdef";

[[nodiscard]] constexpr bool is_plain(unsigned char byte) noexcept {
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/// True if all 8 bytes may stand as they are. Zero-byte tests of the classic kind: exact for the question asked.
[[nodiscard]] bool all_plain(const char* bytes) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t high = 0x8080808080808080U;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const auto holds_zero = [](std::uint64_t w) { return (w - ones) & ~w & high; };
  const std::uint64_t below_space = (word - ones * 0x20U) & ~word & high;
  const std::uint64_t quote = holds_zero(word ^ (ones * '"'));
  const std::uint64_t backslash = holds_zero(word ^ (ones * '\\'));
  const std::uint64_t del = holds_zero(word ^ (ones * 0x7fU));
  return ((word & high) | below_space | quote | backslash | del) == 0;
}

}  // namespace

bool LogLine::begin(std::string_view name, std::size_t value_room) noexcept {
  if (static_cast<std::size_t>(end_ - at_) < name.size() + value_room + 1 + tail_room) return false;
  if (at_ != start_ + 1) *at_++ = ',';
  raw(name);
  return true;
}

void LogLine::raw(std::string_view bytes) noexcept {
  std::memcpy(at_, bytes.data(), bytes.size());
  at_ += bytes.size();
}

void LogLine::digits(std::uint64_t value) noexcept { at_ = std::to_chars(at_, end_, value).ptr; }

void LogLine::text(std::string_view name, std::string_view value) noexcept {
  const std::string_view kept = value.substr(0, max_text);
  if (!begin(name, kept.size() * 6 + 5)) return;
  *at_++ = '"';
  escaped(kept);
  if (kept.size() != value.size()) raw("...");
  *at_++ = '"';
}

void LogLine::escaped(std::string_view bytes) noexcept {
  const char* from = bytes.data();
  const char* const to = from + bytes.size();
  while (from != to) {
    if (to - from >= 8 && all_plain(from)) {
      std::memcpy(at_, from, 8);
      at_ += 8;
      from += 8;
      continue;
    }
    const auto byte = static_cast<unsigned char>(*from++);
    if (is_plain(byte)) {
      *at_++ = static_cast<char>(byte);
    } else if (byte == '"' || byte == '\\') {
      *at_++ = '\\';
      *at_++ = static_cast<char>(byte);
    } else {
      raw("\\u00");
      *at_++ = hex[byte >> 4U];
      *at_++ = hex[byte & 15U];
    }
  }
}

void LogLine::number(std::string_view name, std::uint64_t value) noexcept {
  if (begin(name, 20)) digits(value);
}

void LogLine::milliseconds(std::string_view name, std::int64_t nanoseconds) noexcept {
  if (!begin(name, 24)) return;
  const auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(nanoseconds, 0)) / 1000;
  digits(micros / 1000);
  const auto rest = static_cast<unsigned>(micros % 1000);
  *at_++ = '.';
  *at_++ = static_cast<char>('0' + rest / 100);
  *at_++ = static_cast<char>('0' + rest / 10 % 10);
  *at_++ = static_cast<char>('0' + rest % 10);
}

void LogLine::address(const runtime::SocketAddress& address) noexcept {
  if (!address.v6) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) *at_++ = '.';
      digits(address.ip[i]);
    }
    return;
  }
  if (inet_ntop(AF_INET6, address.ip.data(), at_, static_cast<socklen_t>(end_ - at_)) != nullptr)
    at_ += std::strlen(at_);
}

void LogLine::ip(std::string_view name, const runtime::SocketAddress& value) noexcept {
  if (!begin(name, 64)) return;
  *at_++ = '"';
  address(value);
  *at_++ = '"';
}

void LogLine::ip_and_port(std::string_view name, const runtime::SocketAddress& value) noexcept {
  if (!begin(name, 72)) return;
  *at_++ = '"';
  if (value.v6) *at_++ = '[';
  address(value);
  if (value.v6) *at_++ = ']';
  *at_++ = ':';
  digits(value.port);
  *at_++ = '"';
}

std::size_t LogLine::finish() noexcept {
  *at_++ = '}';
  *at_++ = '\n';
  return static_cast<std::size_t>(at_ - start_);
}

}  // namespace pintle::observe
