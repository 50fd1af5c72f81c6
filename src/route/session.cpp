#include <algorithm>
#include <string_view>

#include <pintle/route/session.hpp>

namespace pintle::route {
namespace {

bool ends_attribute(char c) noexcept { return c == ';' || c <= 0x20 || c == 0x7F || (c & 0x80) != 0; }
bool is_meta(char c) noexcept { return std::string_view(R"(\^$.|?*+()[]{})").contains(c); }

/// What every text that the expression matches begins with.
std::string_view literal_prefix(std::string_view pattern) noexcept {
  if (pattern.contains('|')) return {};  // of alternatives nothing is known
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  const auto meta = std::ranges::find_if(pattern, is_meta);
  auto length = static_cast<std::size_t>(meta - pattern.begin());
  // What may be absent is no part of it; but a slash that another follows is there all the same.
  const bool optional = meta != pattern.end() && (*meta == '?' || *meta == '*' || *meta == '{');
  const bool slashes = optional && *meta != '{' && pattern.substr(0, length).ends_with('/') &&
                       pattern.substr(length + 1).starts_with('/');
  if (optional && !slashes && length > 0) --length;
  return pattern.substr(0, length);
}

}  // namespace

std::string cookie_path(const PathMatch& match) {
  const bool is_regex = match.kind == PathKind::Regex;
  const std::string& value = is_regex && match.regex ? match.regex->pattern() : match.value;
  std::string_view path = is_regex ? literal_prefix(value) : std::string_view(value);
  bool whole = !is_regex;
  const auto end = std::ranges::find_if(path, ends_attribute);
  if (end != path.end()) {
    path = path.substr(0, static_cast<std::size_t>(end - path.begin()));
    whole = false;
  }
  if (!whole) path = path.substr(0, path.contains('/') ? path.rfind('/') : 0);
  return path.starts_with('/') ? std::string(path) : "/";
}

}  // namespace pintle::route
