#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

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
  KeyIndex group_by_path(const std::vector<Entry>& entries, Group range);
};

HostTable::Index::Index(const std::vector<Entry>& entries) {
  const auto of_kind = [&](PathKind kind) {
    const auto range = std::ranges::equal_range(entries, kind, {}, [](const Entry& e) { return e.match->path.kind; });
    return Group{static_cast<std::uint32_t>(range.begin() - entries.begin()), static_cast<std::uint32_t>(range.size())};
  };
  regexes = of_kind(PathKind::Regex);
  members.resize(entries.size() - regexes.count);
  const Group prefix_range = of_kind(PathKind::Prefix);
  exact = group_by_path(entries, of_kind(PathKind::Exact));
  prefixes = group_by_path(entries, prefix_range);
  groups.shrink_to_fit();

  for (std::uint32_t at = prefix_range.first; at < prefix_range.first + prefix_range.count; ++at) {
    // In Rank order equal lengths stand together, nearly always.
    const auto length = static_cast<std::uint32_t>(path_key(entries[at].match->path).size());
    if (prefix_lengths.empty() || prefix_lengths.back() != length) prefix_lengths.push_back(length);
  }
  std::ranges::sort(prefix_lengths, std::greater<>{});
  const auto repeated = std::ranges::unique(prefix_lengths);
  prefix_lengths.erase(repeated.begin(), repeated.end());
  prefix_lengths.shrink_to_fit();
}

/// Counts each path, gives each group its stretch of members, then fills the stretches in the order of the entries.
KeyIndex HostTable::Index::group_by_path(const std::vector<Entry>& entries, Group range) {
  KeyIndex keys;
  std::vector<std::uint32_t> group_of(range.count);
  const auto first_group = static_cast<std::uint32_t>(groups.size());
  std::uint32_t place = first_group == 0 ? 0 : groups.back().first + groups.back().count;
  for (std::uint32_t i = 0; i < range.count; ++i) {
    const auto fresh = static_cast<std::uint32_t>(groups.size());
    group_of[i] = keys.add(path_key(entries[range.first + i].match->path), fresh);
    if (group_of[i] == fresh) groups.push_back({});
    ++groups[group_of[i]].count;
  }
  for (std::uint32_t group = first_group; group < groups.size(); ++group) {
    groups[group].first = place;
    place += groups[group].count;
    groups[group].count = 0;
  }
  for (std::uint32_t i = 0; i < range.count; ++i) {
    Group& group = groups[group_of[i]];
    members[group.first + group.count++] = range.first + i;
  }
  keys.shrink_to_fit();
  return keys;
}

namespace {

/// Most matches ask for nothing else.
bool is_path_alone(const Match& match) noexcept {
  return match.method.empty() && match.headers.empty() && match.queries.empty();
}

/// The kind of the match itself decides first, so that the index may rely on it.
bool precedes(const Entry& a, const Entry& b) {
  if (a.match->path.kind != b.match->path.kind) return a.match->path.kind < b.match->path.kind;
  return a.match->rank < b.match->rank;
}

/// Of equal rank, the one given first.
void sort_by_rank(std::span<Entry> entries) {
  std::vector<std::pair<Entry, std::uint32_t>> numbered;
  numbered.reserve(entries.size());
  for (Entry& entry : entries) numbered.emplace_back(std::move(entry), static_cast<std::uint32_t>(numbered.size()));
  std::ranges::sort(numbered, [](const auto& a, const auto& b) {
    if (precedes(a.first, b.first)) return true;
    return a.second < b.second && !precedes(b.first, a.first);
  });
  for (std::size_t at = 0; at < entries.size(); ++at) entries[at] = std::move(numbered[at].first);
}

/// Most tables are those of the generation before with a few entries more at the end.
std::vector<Entry> in_rank_order(std::vector<Entry> entries) {
  const auto tail = std::ranges::is_sorted_until(entries, precedes);
  if (tail == entries.end()) return entries;
  sort_by_rank({tail, entries.end()});
  std::vector<Entry> merged;
  merged.reserve(entries.size());
  std::merge(std::move_iterator(entries.begin()), std::move_iterator(tail), std::move_iterator(tail),
             std::move_iterator(entries.end()), std::back_inserter(merged), precedes);
  return merged;
}

}  // namespace

HostTable::HostTable(std::vector<Entry> entries)
    : entries_(in_rank_order(std::move(entries))), index_(std::make_unique<const Index>(entries_)) {}
HostTable::~HostTable() = default;

const Entry* HostTable::find(const RequestView& request) const noexcept {
  const auto first_in_group = [&](std::uint32_t number) __attribute__((always_inline)) -> const Entry* {
    if (number == KeyIndex::none) return nullptr;
    const Index::Group group = index_->groups[number];
    for (std::uint32_t at = group.first; at < group.first + group.count; ++at) {
      const Entry& entry = entries_[index_->members[at]];
      if (is_path_alone(*entry.match) || matches_rest(*entry.match, request).matched()) return &entry;
    }
    return nullptr;
  };

  const std::string_view path = request.path;
  if (const Entry* found = first_in_group(index_->exact.find(path))) return found;
  for (std::uint32_t at = 0; at < index_->regexes.count; ++at) {
    const Entry& entry = entries_[index_->regexes.first + at];
    if (matches_rest(*entry.match, request).matched() && matches_path(entry.match->path, path)) return &entry;
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
  const auto name = [](const auto& host) -> std::string_view { return host.first; };
  if (!std::ranges::is_sorted(hosts_, precedes_host, name)) std::ranges::sort(hosts_, precedes_host, name);
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
