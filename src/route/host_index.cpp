#include "src/route/host_index.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

namespace pintle::route {
namespace {

bool is_wildcard(std::string_view pattern) { return pattern.starts_with("*."); }

using Keys = std::vector<std::pair<std::string_view, std::uint32_t>>;

/// Of equal keys the one with the lowest number stays.
Keys unique_keys(Keys keys) {
  std::ranges::sort(keys);
  const auto repeated = std::ranges::unique(keys, {}, &Keys::value_type::first);
  keys.erase(repeated.begin(), repeated.end());
  return keys;
}

}  // namespace

HostIndex::HostIndex(const Keys& patterns) {
  Keys exact;
  Keys suffixes;
  for (const auto& [pattern, number] : patterns) {
    if (pattern == "*") {
      if (catch_all_ == KeyIndex::none) catch_all_ = number;
    } else if (is_wildcard(pattern)) {
      suffixes.emplace_back(pattern.substr(1), number);
      suffix_lengths_.push_back(static_cast<std::uint32_t>(pattern.size() - 1));
    } else {
      exact.emplace_back(pattern, number);
    }
  }
  std::ranges::sort(suffix_lengths_, std::greater<>{});
  const auto repeated = std::ranges::unique(suffix_lengths_);
  suffix_lengths_.erase(repeated.begin(), repeated.end());
  suffix_lengths_.shrink_to_fit();
  exact_ = KeyIndex(unique_keys(std::move(exact)));
  suffixes_ = KeyIndex(unique_keys(std::move(suffixes)));
}

bool covers_host(std::string_view pattern, std::string_view host) noexcept {
  if (pattern == "*") return true;
  if (!is_wildcard(pattern)) return !host.empty() && pattern == host;
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

bool precedes_host(std::string_view a, std::string_view b) noexcept {
  const auto order = [](std::string_view pattern) {
    const int kind = pattern == "*" ? 2 : is_wildcard(pattern) ? 1 : 0;
    return std::tuple(kind, kind == 1 ? ~pattern.size() : 0, pattern);
  };
  return order(a) < order(b);
}

}  // namespace pintle::route
