#include <algorithm>
#include <functional>

#include <pintle/route/table.hpp>

#include "src/route/host_index.hpp"
#include "src/route/key_index.hpp"

namespace pintle::route {
namespace {

/// The key of a prefix: without its trailing slash, so "/" is the empty key (HTTPPathMatch: the slash is ignored).
std::string_view prefix_key(std::string_view value) noexcept {
  if (value.ends_with('/')) value.remove_suffix(1);
  return value;
}

std::string_view path_key(const PathMatch& path) noexcept {
  return path.kind == PathKind::Prefix ? prefix_key(path.value) : std::string_view(path.value);
}

}  // namespace

// Exact paths and prefixes are groups: the numbers of the entries with one path, in Rank order, side by side in
// members.
//
//   exact    "/a" -> group 0            groups   {first 0, count 2} {first 2, count 1} ...
//   prefixes "/b" -> group 1            members  [4, 9,  0,  ...]        numbers in entries
//   regexes  entries[first, first + count): already side by side in Rank order
struct HostTable::Index {
  struct Group {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };

  KeyIndex exact;
  KeyIndex prefixes;
  std::vector<std::uint32_t> prefix_lengths;  ///< that occur, longest first; "/" is 0
  std::vector<Group> groups;
  std::vector<std::uint32_t> members;
  Group regexes;

  explicit Index(const std::vector<Entry>& entries);
  KeyIndex group_by_path(const std::vector<Entry>& entries, PathKind kind);
};

HostTable::Index::Index(const std::vector<Entry>& entries) {
  const auto of_kind = [&](PathKind kind) {
    const auto range = std::ranges::equal_range(entries, kind, {}, [](const Entry& e) { return e.match.path.kind; });
    return Group{static_cast<std::uint32_t>(range.begin() - entries.begin()), static_cast<std::uint32_t>(range.size())};
  };
  regexes = of_kind(PathKind::Regex);
  members.reserve(entries.size() - regexes.count);
  exact = group_by_path(entries, PathKind::Exact);
  prefixes = group_by_path(entries, PathKind::Prefix);
  for (const Entry& entry : entries)
    if (entry.match.path.kind == PathKind::Prefix)
      prefix_lengths.push_back(static_cast<std::uint32_t>(prefix_key(entry.match.path.value).size()));
  std::ranges::sort(prefix_lengths, std::greater<>{});
  const auto repeated = std::ranges::unique(prefix_lengths);
  prefix_lengths.erase(repeated.begin(), repeated.end());
  prefix_lengths.shrink_to_fit();
  groups.shrink_to_fit();
}

KeyIndex HostTable::Index::group_by_path(const std::vector<Entry>& entries, PathKind kind) {
  const std::size_t begin = members.size();
  for (std::uint32_t number = 0; number < entries.size(); ++number)
    if (entries[number].match.path.kind == kind) members.push_back(number);
  const auto key = [&](std::uint32_t number) { return path_key(entries[number].match.path); };
  const auto mine = std::ranges::subrange(members.begin() + static_cast<std::ptrdiff_t>(begin), members.end());
  // Numbers grow with the Rank: sorted by path and number, each group is in Rank order.
  std::ranges::sort(mine, {}, [&](std::uint32_t number) { return std::pair(key(number), number); });

  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  for (std::size_t at = begin; at < members.size(); ++at) {
    const std::string_view path = key(members[at]);
    if (keys.empty() || keys.back().first != path) {
      keys.emplace_back(path, static_cast<std::uint32_t>(groups.size()));
      groups.push_back({static_cast<std::uint32_t>(at), 0});
    }
    ++groups.back().count;
  }
  return KeyIndex(std::move(keys));
}

HostTable::HostTable(std::vector<Entry> entries) : entries_(std::move(entries)) {
  const auto by_rank = [](const Entry& a, const Entry& b) {
    // The kind of the match itself decides, so that the index may rely on it.
    if (a.match.path.kind != b.match.path.kind) return a.match.path.kind < b.match.path.kind;
    return a.match.rank < b.match.rank;
  };
  if (!std::ranges::is_sorted(entries_, by_rank)) std::ranges::sort(entries_, by_rank);
  entries_.shrink_to_fit();
  index_ = std::make_unique<const Index>(entries_);
}
HostTable::~HostTable() = default;

const Entry* HostTable::find(const RequestView& request) const noexcept {
  const auto first_in_group = [&](std::uint32_t number) -> const Entry* {
    if (number == KeyIndex::none) return nullptr;
    const Index::Group group = index_->groups[number];
    for (std::uint32_t at = group.first; at < group.first + group.count; ++at) {
      const Entry& entry = entries_[index_->members[at]];
      if (matches_rest(entry.match, request).matched()) return &entry;
    }
    return nullptr;
  };

  const std::string_view path = request.path;
  if (const Entry* found = first_in_group(index_->exact.find(path))) return found;
  for (std::uint32_t at = 0; at < index_->regexes.count; ++at) {
    const Entry& entry = entries_[index_->regexes.first + at];
    if (matches_rest(entry.match, request).matched() && matches_path(entry.match.path, path)) return &entry;
  }
  for (const std::uint32_t length : index_->prefix_lengths) {
    // A prefix ends at a segment's end. The empty one ("/") covers every path.
    if (length > path.size() || (length != 0 && length != path.size() && path[length] != '/')) continue;
    if (const Entry* found = first_in_group(index_->prefixes.find(path.substr(0, length)))) return found;
  }
  return nullptr;
}

struct ListenerTable::Index {
  HostIndex hosts;
};

ListenerTable::ListenerTable(std::vector<std::pair<std::string, HostTablePtr>> hosts) : hosts_(std::move(hosts)) {
  std::ranges::sort(hosts_, precedes_host, [](const auto& host) -> std::string_view { return host.first; });
  std::vector<std::pair<std::string_view, std::uint32_t>> patterns;
  patterns.reserve(hosts_.size());
  for (const auto& [pattern, table] : hosts_)
    patterns.emplace_back(pattern, static_cast<std::uint32_t>(patterns.size()));
  index_ = std::make_unique<const Index>(Index{HostIndex(patterns)});
}
ListenerTable::~ListenerTable() = default;

Lookup ListenerTable::find(const RequestView& request) const noexcept {
  Lookup result;
  index_->hosts.walk(request.host, [&](std::uint32_t number) noexcept {
    const auto& [pattern, table] = hosts_[number];
    const Entry* entry = table->find(request);
    if (entry != nullptr) {
      result = {LookupOutcome::Found, entry, pattern};
    } else if (result.outcome == LookupOutcome::NoHost) {
      result = {LookupOutcome::NoRoute, nullptr, pattern};
    }
    return entry != nullptr;
  });
  return result;
}

struct PortTable::Index {
  HostIndex listeners;
};

PortTable::PortTable(std::vector<Listener> listeners) : listeners_(std::move(listeners)) {
  std::vector<std::pair<std::string_view, std::uint32_t>> patterns;
  patterns.reserve(listeners_.size());
  for (const Listener& listener : listeners_)
    patterns.emplace_back(listener.hostname, static_cast<std::uint32_t>(patterns.size()));
  index_ = std::make_unique<const Index>(Index{HostIndex(patterns)});
}
PortTable::~PortTable() = default;

const Listener* PortTable::find_listener(std::string_view host) const noexcept {
  const Listener* owner = nullptr;
  index_->listeners.walk(host, [&](std::uint32_t number) noexcept {
    owner = &listeners_[number];
    return true;
  });
  return owner;
}

}  // namespace pintle::route
