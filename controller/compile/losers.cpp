#include "controller/compile/losers.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "controller/compile/dump_rule.hpp"

namespace pintle::compile {
namespace {

std::string_view text_of(const route::FieldMatch& field) noexcept {
  return field.regex ? std::string_view(field.regex->pattern()) : std::string_view(field.value);
}
bool same_field(const route::FieldMatch& a, const route::FieldMatch& b) noexcept {
  return a.name == b.name && a.regex.has_value() == b.regex.has_value() && text_of(a) == text_of(b);
}
/// In any order; no name stands twice.
bool same_fields(const SharedList<route::FieldMatch>& a, const SharedList<route::FieldMatch>& b) {
  return a.size() == b.size() && std::ranges::is_permutation(a, b, same_field);
}

std::size_t mix(std::size_t hash, std::string_view text) noexcept {
  return (hash ^ std::hash<std::string_view>{}(text)) * 0x9E3779B97F4A7C15ULL;
}
/// The sum does not depend on the order.
std::size_t hash_of(const SharedList<route::FieldMatch>& fields) noexcept {
  std::size_t sum = fields.size();
  for (const route::FieldMatch& field : fields) sum += mix(mix(1, field.name), text_of(field));
  return sum;
}

struct HashMatch {
  std::size_t operator()(const route::Entry* entry) const noexcept {
    const route::Match& match = *entry->match;
    const std::size_t hash = mix(mix(static_cast<std::size_t>(match.path.kind), match.path.value), match.method);
    return hash + hash_of(match.headers) + 31 * hash_of(match.queries);
  }
};
struct SameMatch {
  bool operator()(const route::Entry* x, const route::Entry* y) const {
    const route::Match& a = *x->match;
    const route::Match& b = *y->match;
    return a.path.kind == b.path.kind && a.path.value == b.path.value && a.method == b.method &&
           same_fields(a.headers, b.headers) && same_fields(a.queries, b.queries);
  }
};

/// One rule that lost to one other, however many hosts and matches it lost there.
struct Note {
  const Loser* first = nullptr;
  std::size_t more = 0;
};
using NoteKey = std::tuple<std::string, std::string, std::string, std::uint32_t, std::string, std::uint32_t>;

NoteKey key_of(const Loser& loser) {
  const route::RuleSource& lost = loser.loss.loser->rule->source;
  const route::RuleSource& won = loser.loss.winner->rule->source;
  return {lost.route, loser.gateway, loser.listener, lost.index, won.route, won.index};
}

std::string describe(const Note& note) {
  const route::Entry& loser = *note.first->loss.loser;
  const route::Entry& winner = *note.first->loss.winner;
  const bool older = winner.match->rank.created_at != loser.match->rank.created_at;
  const std::string host = note.first->host == "*" ? std::string("any host") : "host " + note.first->host;
  return fmt::format("spec.rules[{}].matches[{}] gets no request of {}{} at listener {}: {} has the same match and {}",
                     loser.rule->source.index, loser.match->rank.match, host,
                     note.more == 0 ? "" : fmt::format(" (and {} more)", note.more), note.first->listener,
                     rule_label(winner.rule->source),
                     older ? "is older" : "comes first by name, for both routes are as old");
}

/// The listener's own name; nullopt if it is none of the Gateway or ListenerSet "namespace/name".
std::optional<std::string_view> name_at(const Loser& loser, std::string_view kind, const std::string& parent) {
  const std::string_view listener = loser.listener;  // of a set it is "namespace/set/listener"
  const std::size_t slash = listener.rfind('/');
  const bool of_set = slash != std::string_view::npos;
  if (of_set != (kind == to_string(api::Kind::ListenerSet))) return std::nullopt;
  if ((of_set ? listener.substr(0, slash) : std::string_view(loser.gateway)) != parent) return std::nullopt;
  return of_set ? listener.substr(slash + 1) : listener;
}

bool leads_to(const resolve::ParentReport& parent, std::string_view route_namespace, const Loser& loser) {
  const api::ParentReference& ref = parent.ref;
  if (!parent.accepted.empty() || parent.pending || (ref.port && *ref.port != loser.port)) return false;
  const std::string_view ns = ref.ns ? std::string_view(*ref.ns) : route_namespace;
  const auto name = name_at(loser, ref.kind, fmt::format("{}/{}", ns, ref.name));
  return name && (!ref.section_name || ref.section_name->empty() || *ref.section_name == *name);
}

constexpr std::size_t most_notes = 8;  ///< of one parent: a message has its limits

using Notes = std::map<NoteKey, Note>;

/// What the notes of one route say about one of its parents.
void tell(Notes::const_iterator begin, Notes::const_iterator end, std::string_view route_namespace,
          resolve::ParentReport& parent) {
  std::size_t told = 0;
  for (auto at = begin; at != end; ++at)
    if (leads_to(parent, route_namespace, *at->second.first) && ++told <= most_notes)
      parent.notes.push_back(describe(at->second));
  if (told > most_notes) parent.notes.push_back(fmt::format("and {} more rules of this kind", told - most_notes));
}

/// By "namespace/name".
resolve::RouteReportPtr* find_route(resolve::StatusReport& report, std::string_view name) {
  const std::size_t slash = name.find('/');
  const std::pair wanted(name.substr(0, slash), name.substr(slash + 1));
  const auto key_of = [](const resolve::RouteReportPtr& one) {
    return std::pair<std::string_view, std::string_view>(one->object.key.ns, one->object.key.name);
  };
  const auto found = std::ranges::lower_bound(report.routes, wanted, {}, key_of);
  return found != report.routes.end() && key_of(*found) == wanted ? &*found : nullptr;
}

}  // namespace

std::vector<Loss> find_losses(const route::HostTable& table) {
  std::vector<Loss> losses;
  std::unordered_set<const route::Entry*, HashMatch, SameMatch> first;
  first.reserve(table.entries().size());
  for (const route::Entry& entry : table.entries()) {
    const auto [winner, fresh] = first.insert(&entry);
    if (!fresh && (*winner)->rule->source.route != entry.rule->source.route) losses.push_back({&entry, *winner});
  }
  return losses;
}

void tell_losers(const std::vector<Loser>& losers, resolve::StatusReport& report) {
  Notes notes;
  for (const Loser& loser : losers) {
    Note& note = notes[key_of(loser)];
    if (note.first == nullptr)
      note.first = &loser;
    else
      ++note.more;
  }
  if (notes.empty()) return;
  for (auto begin = notes.begin(); begin != notes.end();) {
    const std::string& name = std::get<0>(begin->first);
    const auto end = std::find_if(begin, notes.end(), [&](const auto& one) { return std::get<0>(one.first) != name; });
    if (resolve::RouteReportPtr* route = find_route(report, name)) {
      auto told = std::make_shared<resolve::RouteReport>(**route);  // others hold the report as it was
      std::vector<resolve::ParentReport> parents = told->parents.copy();
      for (resolve::ParentReport& parent : parents) tell(begin, end, told->object.key.ns, parent);
      told->parents = std::move(parents);
      *route = std::move(told);
    }
    begin = end;
  }
}

}  // namespace pintle::compile
