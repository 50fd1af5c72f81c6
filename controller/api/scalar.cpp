#include "controller/api/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace pintle::api {
namespace {

using namespace std::string_view_literals;
constexpr std::array true_words = {"true"sv, "True"sv, "TRUE"sv, "yes"sv, "Yes"sv, "YES"sv,
                                   "on"sv,   "On"sv,   "ON"sv,   "y"sv,   "Y"sv};
constexpr std::array false_words = {"false"sv, "False"sv, "FALSE"sv, "no"sv, "No"sv, "NO"sv,
                                    "off"sv,   "Off"sv,   "OFF"sv,   "n"sv,  "N"sv};
constexpr std::array null_words = {""sv, "~"sv, "null"sv, "Null"sv, "NULL"sv};

template <class Words>
bool one_of(const Words& words, std::string_view text) {
  return std::ranges::find(words, text) != words.end();
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

std::optional<std::int64_t> find_integer(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view rest = digits;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  int base = 10;
  if (rest.size() > 2 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'o' || rest[1] == 'b')) {
    base = rest[1] == 'x' ? 16 : rest[1] == 'o' ? 8 : 2;
    rest.remove_prefix(2);
  } else if (rest.size() > 1 && rest[0] == '0') {
    base = 8;
    rest.remove_prefix(1);
  }
  if (rest.empty() || rest[0] == '-' || rest[0] == '+') return std::nullopt;
  std::uint64_t magnitude = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), magnitude, base);
  if (code != std::errc() || end != rest.data() + rest.size()) return std::nullopt;
  constexpr std::uint64_t limit = 0x7fffffffffffffffULL;
  if (magnitude > limit) return std::nullopt;
  const auto number = static_cast<std::int64_t>(magnitude);
  return negative ? -number : number;
}

/// [-+]? ( .digits | digits [. digits*] ) [ e [-+]? digits ], and the named ones.
bool is_float(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" || text == ".NAN")
    return true;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at - from;
  };
  const std::size_t whole = digits();
  std::size_t part = 0;
  if (at < text.size() && text[at] == '.') {
    ++at;
    part = digits();
  }
  if (whole + part == 0) return false;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

void resolve_plain_scalar(Value& value, std::string text) {
  value.integer = 0;
  const bool numeric = !text.empty() && (is_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.');
  if (one_of(null_words, text)) {
    value.type = Value::Type::Null;
  } else if (one_of(true_words, text)) {
    value.type = Value::Type::Bool;
    value.integer = 1;
  } else if (one_of(false_words, text)) {
    value.type = Value::Type::Bool;
  } else if (const auto number = numeric ? find_integer(text) : std::nullopt) {
    value.type = Value::Type::Integer;
    value.integer = *number;
  } else {
    value.type = numeric && is_float(text) ? Value::Type::Float : Value::Type::String;
  }
  value.text = std::move(text);
}

}  // namespace pintle::api
