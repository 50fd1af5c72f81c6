#include "src/route/host_index.hpp"

#include <algorithm>
#include <functional>

#include <pintle/route/table.hpp>

namespace pintle::route {
namespace {

bool is_wildcard(std::string_view pattern) noexcept { return pattern.starts_with("*."); }

/// 0: a name, 1: a wildcard, 2: any host.
int kind_of(std::string_view pattern) noexcept { return pattern == "*" ? 2 : is_wildcard(pattern) ? 1 : 0; }

}  // namespace

HostIndex::HostIndex(const std::vector<std::pair<std::string_view, std::uint32_t>>& patterns) {
  exact_.reserve(static_cast<std::size_t>(
      std::ranges::count_if(patterns, [](const auto& pattern) { return kind_of(pattern.first) == 0; })));
  for (const auto& [pattern, number] : patterns) {
    switch (kind_of(pattern)) {
      case 0:
        exact_.add(pattern, number);
        break;
      case 1:
        suffixes_.add(pattern.substr(1), number);
        suffix_lengths_.push_back(static_cast<std::uint32_t>(pattern.size() - 1));
        break;
      default:
        if (catch_all_ == KeyIndex::none) catch_all_ = number;
    }
  }
  std::ranges::sort(suffix_lengths_, std::greater<>{});
  const auto repeated = std::ranges::unique(suffix_lengths_);
  suffix_lengths_.erase(repeated.begin(), repeated.end());
  suffix_lengths_.shrink_to_fit();
  exact_.shrink_to_fit();
  suffixes_.shrink_to_fit();
}

bool covers_host(std::string_view pattern, std::string_view host) noexcept {
  if (pattern == "*") return true;
  if (!is_wildcard(pattern)) return !host.empty() && pattern == host;
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

bool precedes_host(std::string_view a, std::string_view b) noexcept {
  const int kind_a = kind_of(a);
  const int kind_b = kind_of(b);
  if (kind_a != kind_b) return kind_a < kind_b;
  if (kind_a == 1 && a.size() != b.size()) return a.size() > b.size();
  return a < b;
}

}  // namespace pintle::route
