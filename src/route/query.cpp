#include "src/route/query.hpp"

namespace pintle::route {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes one decoded byte off the front.
char next_byte(std::string_view& encoded) noexcept {
  const char first = encoded.front();
  if (first == '%' && encoded.size() >= 3) {
    const int high = hex_digit(encoded[1]);
    const int low = hex_digit(encoded[2]);
    if (high >= 0 && low >= 0) {
      encoded.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  encoded.remove_prefix(1);
  return first == '+' ? ' ' : first;
}

}  // namespace

bool decodes_to(std::string_view encoded, std::string_view plain) noexcept {
  if (encoded.size() < plain.size()) return false;
  for (const char expected : plain) {
    if (encoded.empty() || next_byte(encoded) != expected) return false;
  }
  return encoded.empty();
}

void append_decoded(Scratch& out, std::string_view encoded) {
  while (!encoded.empty()) out.append(next_byte(encoded));
}

std::optional<std::string_view> find_query_value(std::string_view query, std::string_view name) noexcept {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (!pair.empty() && decodes_to(pair.substr(0, equals), name))
      return equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace pintle::route
