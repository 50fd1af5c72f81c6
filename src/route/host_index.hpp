// Which of a set of host patterns cover a host, most specific first: the exact name, then "*.suffix" from the longest
// suffix down, then "*". A wildcard stands for one or more labels and never for the apex (Gateway API, Hostname).
// Used twice: listeners of a port (isolation) and hosts of a listener.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "src/route/key_index.hpp"

namespace pintle::route {

class HostIndex {
 public:
  /// Patterns with the number each stands for. The texts must outlive the index. Of equal patterns the lowest number
  /// counts.
  explicit HostIndex(const std::vector<std::pair<std::string_view, std::uint32_t>>& patterns);

  /// Calls visit(number) for each covering pattern, most specific first, until it returns true. False if none did.
  template <class Visit>
  bool walk(std::string_view host, Visit&& visit) const noexcept {
    if (!host.empty()) {
      if (const std::uint32_t found = exact_.find(host); found != KeyIndex::none && visit(found)) return true;
      for (const std::uint32_t length : suffix_lengths_) {
        // The suffix starts with its dot; at least one character of a label stands before it.
        if (host.size() <= length || host[host.size() - length] != '.') continue;
        const std::uint32_t found = suffixes_.find(host.substr(host.size() - length));
        if (found != KeyIndex::none && visit(found)) return true;
      }
    }
    return catch_all_ != KeyIndex::none && visit(catch_all_);
  }

 private:
  KeyIndex exact_;
  KeyIndex suffixes_;                          ///< ".example.com"
  std::vector<std::uint32_t> suffix_lengths_;  ///< that occur, longest first: only these are looked up
  std::uint32_t catch_all_ = KeyIndex::none;
};

/// True if the pattern covers the host; the same rule for one pattern, for `explain`.
[[nodiscard]] bool covers_host(std::string_view pattern, std::string_view host) noexcept;

}  // namespace pintle::route
