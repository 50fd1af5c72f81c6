#include "controller/api/rules.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>

namespace pintle::api {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_letter(char c) noexcept { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) noexcept { return is_letter(c) || is_digit(c); }
constexpr bool is_hex(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class Accept>
bool all_of(std::string_view text, Accept accept) noexcept {
  return std::ranges::all_of(text, accept);
}

/// [A-Za-z0-9] at both ends, also - _ . between.
bool is_name_segment(std::string_view text) noexcept {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  return all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

bool is_any_text(std::string_view /*text*/) noexcept { return true; }

bool is_dns_label(std::string_view text) noexcept {
  if (text.empty() || text.front() == '-' || text.back() == '-') return false;
  return all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_dns_subdomain(std::string_view text) noexcept {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_dns1035_label(std::string_view text) noexcept { return is_dns_label(text) && is_lower(text.front()); }

bool is_hostname(std::string_view text) noexcept {
  return is_dns_subdomain(text.starts_with("*.") ? text.substr(2) : text);
}

bool is_group(std::string_view text) noexcept { return text.empty() || is_dns_subdomain(text); }

bool is_kind_name(std::string_view text) noexcept {
  if (text.empty() || !is_letter(text.front()) || !is_alnum(text.back())) return false;
  return all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain_prefixed_path(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash + 1 == text.size()) return false;
  constexpr std::string_view extra = "/-._~%!$&'()*+,;=:";
  return is_dns_subdomain(text.substr(0, slash)) &&
         all_of(text.substr(slash + 1), [&](char c) { return is_alnum(c) || extra.contains(c); });
}

bool is_protocol(std::string_view text) noexcept {
  if (text.empty()) return false;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return is_alnum(text.front()) && is_alnum(text.back()) &&
           all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
  }
  return slash + 1 < text.size() && is_dns_subdomain(text.substr(0, slash)) && all_of(text.substr(slash + 1), is_alnum);
}

bool is_address_type(std::string_view text) noexcept {
  return text == "Hostname" || text == "IPAddress" || text == "NamedAddress" || is_domain_prefixed_path(text);
}

bool is_header_name(std::string_view text) noexcept {
  constexpr std::string_view extra = "!#$%&'*+-.^_`|~";
  return !text.empty() && all_of(text, [&](char c) { return is_alnum(c) || extra.contains(c); });
}

bool is_header_value(std::string_view text) noexcept {
  return all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || c == '\t';
  });
}

bool is_path_text(std::string_view text) noexcept {
  constexpr std::string_view extra = "-/._~!$&'()*+,;=:@";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
      at += 2;
    } else if (!is_alnum(text[at]) && !extra.contains(text[at])) {
      return false;
    }
  }
  return !text.empty();
}

std::optional<std::string> find_path_fault(std::string_view path) {
  if (!path.starts_with('/')) return "must start with '/'";
  for (const std::string_view part : {"//", "/./", "/../", "%2f", "%2F", "#"}) {
    if (path.contains(part)) return "must not hold '" + std::string(part) + "'";
  }
  for (const std::string_view end : {"/..", "/."}) {
    if (path.ends_with(end)) return "must not end with '" + std::string(end) + "'";
  }
  if (!is_path_text(path)) return "holds a character that cannot stand in a path; write it as a percent escape";
  return std::nullopt;
}

bool is_cors_origin(std::string_view text) noexcept {
  if (text == "*") return true;
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view name = text.substr(0, scheme);
  if (name != "http" && name != "https") return false;
  std::string_view host = text.substr(scheme + 3);
  if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    const std::string_view port = host.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !all_of(port, is_digit)) return false;
    host = host.substr(0, colon);
  }
  if (host == "*") return true;
  if (host.starts_with("*.")) host.remove_prefix(2);
  if (host.empty() || host.front() == '.' || host.back() == '.' || host.contains("..")) return false;
  return all_of(host, [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

bool is_qualified_name(std::string_view text) noexcept {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    if (prefix.size() > 253 || !is_dns_subdomain(prefix)) return false;
    text.remove_prefix(slash + 1);
  }
  return text.size() <= 63 && is_name_segment(text);
}

bool is_label_value(std::string_view text) noexcept {
  return text.size() <= 63 && (text.empty() || is_name_segment(text));
}

bool is_ip_address(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN + 1> name{};
  if (text.empty() || text.size() >= name.size()) return false;
  std::ranges::copy(text, name.begin());
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, name.data(), address.data()) == 1 || inet_pton(AF_INET6, name.data(), address.data()) == 1;
}

std::optional<Millis> find_duration(std::string_view text) noexcept {
  std::int64_t total = 0;
  int parts = 0;
  while (!text.empty()) {
    std::size_t digits = 0;
    std::int64_t number = 0;
    while (digits < text.size() && is_digit(text[digits])) {
      number = number * 10 + (text[digits] - '0');
      if (++digits > 5) return std::nullopt;
    }
    if (digits == 0 || ++parts > 4) return std::nullopt;
    text.remove_prefix(digits);
    std::int64_t unit = 0;
    if (text.starts_with("ms")) {
      unit = 1;
      text.remove_prefix(1);
    } else if (text.starts_with('s')) {
      unit = 1000;
    } else if (text.starts_with('m')) {
      unit = 60'000;
    } else if (text.starts_with('h')) {
      unit = 3'600'000;
    } else {
      return std::nullopt;
    }
    text.remove_prefix(1);
    total += number * unit;
  }
  if (parts == 0) return std::nullopt;
  return Millis(total);
}

std::optional<Wall> find_timestamp(std::string_view text) noexcept {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() < form.size() + 1) return std::nullopt;
  for (std::size_t at = 0; at < form.size(); ++at) {
    const char c = text[at];
    const bool fits = form[at] == '0' ? is_digit(c) : (c == form[at] || (form[at] == 'T' && (c == 't' || c == ' ')));
    if (!fits) return std::nullopt;
  }
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (std::size_t at = from; at < from + count; ++at) value = value * 10 + (text[at] - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day day(year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                           std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::string_view zone = text.substr(form.size());
  if (zone.starts_with('.')) {
    std::size_t end = 1;
    while (end < zone.size() && is_digit(zone[end])) ++end;
    if (end == 1) return std::nullopt;
    zone.remove_prefix(end);
  }
  int offset = 0;
  if (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':' && is_digit(zone[1]) &&
      is_digit(zone[2]) && is_digit(zone[4]) && is_digit(zone[5])) {
    offset = ((zone[1] - '0') * 10 + (zone[2] - '0')) * 60 + (zone[4] - '0') * 10 + (zone[5] - '0');
    if (zone[0] == '-') offset = -offset;
  } else if (zone != "Z" && zone != "z") {
    return std::nullopt;
  }
  return Wall(sys_days(day)) + hours(hour) + minutes(minute) + seconds(second) - minutes(offset);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int held = 0;
  std::size_t padding = 0;
  std::size_t symbols = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    ++symbols;
    if (c == '=') {
      if (++padding > 2) return std::nullopt;
      continue;
    }
    if (padding > 0) return std::nullopt;
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z')
      value = static_cast<std::uint32_t>(c - 'A');
    else if (is_lower(c))
      value = static_cast<std::uint32_t>(c - 'a' + 26);
    else if (is_digit(c))
      value = static_cast<std::uint32_t>(c - '0' + 52);
    else if (c == '+')
      value = 62;
    else if (c == '/')
      value = 63;
    else
      return std::nullopt;
    bits = (bits << 6U) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU);
    }
  }
  if (symbols % 4 != 0) return std::nullopt;
  return out;
}

}  // namespace pintle::api
