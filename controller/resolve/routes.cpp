#include "controller/resolve/routes.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "controller/resolve/filters.hpp"
#include "controller/resolve/matches.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint16_t server_fault = 500;

/// One rule while it is resolved: what is wrong with it is collected first, what it does is decided last.
class RuleReader {
 public:
  RuleReader(const api::HTTPRoute& route, std::uint32_t index, const std::vector<BackendVerdict>& backends,
             RouteVerdict& verdict)
      : spec_(route.spec.rules[index]),
        field_(fmt::format("spec.rules[{}]", index)),
        backends_(backends),
        verdict_(verdict) {
    rule_.source.route = route.metadata.ns + '/' + route.metadata.name;
    rule_.source.index = index;
    rule_.source.name = spec_.name.value_or("");
    RuleMatches read = resolve_matches(route, index);
    rule_.matches = std::move(read.matches);
    faults_ = std::move(read.problems);
  }

  /// False if the rule is broken.
  bool read() {
    read_filters();
    read_timeouts();
    note_what_has_no_effect();
    rule_.action = choose_action();
    if (!faults_.empty()) {  // an answer of our own needs neither
      rule_.filters = {};
      rule_.timeouts = {};
    }
    const bool sound = faults_.empty();
    std::ranges::move(faults_, std::back_inserter(verdict_.broken_rules));
    return sound;
  }

  [[nodiscard]] ResolvedRule& rule() noexcept { return rule_; }

 private:
  /// Of the rule's only match, if it is a PathPrefix.
  std::optional<std::string> only_prefix() const {
    const bool one = rule_.matches.size() == 1 && spec_.matches.size() <= 1;
    if (!one || rule_.matches[0].path.kind != route::PathKind::Prefix) return std::nullopt;
    return rule_.matches[0].path.value;
  }

  void take_words_of(ResolvedFilters& filters) {
    std::ranges::move(filters.problems, std::back_inserter(faults_));
    std::ranges::move(filters.resolved_refs, std::back_inserter(verdict_.resolved_refs));
    std::ranges::move(filters.notes, std::back_inserter(verdict_.notes));
  }

  void read_filters() {
    const std::optional<std::string> prefix = only_prefix();
    ResolvedFilters filters = resolve_filters({spec_.filters, field_ + ".filters", FilterPlace::Rule, prefix});
    take_words_of(filters);
    rule_.filters = std::move(filters.message);
    redirect_ = std::move(filters.redirect);
    if (redirect_ && !spec_.backend_refs.empty())
      faults_.push_back({field_ + ".filters", std::string(reason::incompatible_filters),
                         "a RequestRedirect filter and backendRefs contradict each other; remove one"});
    for (std::size_t at = 0; at < spec_.backend_refs.size(); ++at) read_backend(at, prefix);
  }

  void read_backend(std::size_t at, const std::optional<std::string>& prefix) {
    const api::HTTPBackendRef& spec = spec_.backend_refs[at];
    const BackendVerdict& verdict = backends_[at];
    const std::string field = fmt::format("{}.backendRefs[{}]", field_, at);
    ResolvedBackend backend;
    backend.backend = verdict.backend;
    backend.weight = static_cast<std::uint32_t>(std::max(spec.weight, 0));
    backend.name = verdict.name;
    if (verdict.problem) {
      const bool permitted = verdict.problem->reason != reason::ref_not_permitted;
      backend.failure = route::Failure{server_fault, permitted ? Reason::RefInvalid : Reason::RefNotPermitted,
                                       verdict.problem->message};
      verdict_.resolved_refs.push_back(
          {field + verdict.problem->field_path, verdict.problem->reason, verdict.problem->message});
    }
    ResolvedFilters filters = resolve_filters({spec.filters, field + ".filters", FilterPlace::BackendRef, prefix});
    take_words_of(filters);
    backend.filters = std::move(filters.message);
    forward_.backends.push_back(std::move(backend));
  }

  /// One try may not take longer than all of them together (HTTPRouteTimeouts.backendRequest).
  void read_timeouts() {
    if (!spec_.timeouts) return;
    rule_.timeouts.request = spec_.timeouts->request;
    rule_.timeouts.backend_request = spec_.timeouts->backend_request;
    const Millis request = spec_.timeouts->request.value_or(Millis{0});
    if (request.count() != 0 && spec_.timeouts->backend_request.value_or(Millis{0}) > request)
      faults_.push_back({field_ + ".timeouts.backendRequest", std::string(reason::unsupported_value),
                         "backendRequest is longer than request; shorten it or lengthen request"});
  }

  void note_what_has_no_effect() {
    if (spec_.retry) verdict_.notes.push_back(field_ + ".retry has no effect yet");
    if (spec_.session_persistence) verdict_.notes.push_back(field_ + ".sessionPersistence has no effect yet");
  }

  /// A rule that cannot be served answers 500: its traffic must not fall through to another rule.
  ResolvedAction choose_action() {
    if (!faults_.empty()) return route::Failure{server_fault, Reason::FilterInvalid, faults_.front().message};
    if (redirect_) return std::move(*redirect_);
    if (forward_.backends.empty())
      return route::Failure{server_fault, Reason::RefInvalid, "the rule has no backendRefs"};
    const bool weighted =
        std::ranges::any_of(forward_.backends, [](const ResolvedBackend& one) { return one.weight > 0; });
    if (!weighted)
      return route::Failure{server_fault, Reason::RefInvalid, "the weights of the rule's backends add up to 0"};
    return std::move(forward_);
  }

  const api::HTTPRouteRule& spec_;
  std::string field_;
  const std::vector<BackendVerdict>& backends_;
  RouteVerdict& verdict_;
  ResolvedRule rule_;
  ResolvedForward forward_;
  std::optional<route::Redirect> redirect_;
  Problems faults_;
};

BackendVerdicts judge_backends(const BackendContext& context, const api::HTTPRoute& route, RefSet& lookups) {
  BackendVerdicts verdicts;
  verdicts.reserve(route.spec.rules.size());
  for (const api::HTTPRouteRule& rule : route.spec.rules) {
    auto& of_rule = verdicts.emplace_back();
    of_rule.reserve(rule.backend_refs.size());
    for (const api::HTTPBackendRef& ref : rule.backend_refs)
      of_rule.push_back(judge_backend(context, route.metadata.ns, ref.ref, lookups));
  }
  return verdicts;
}

/// Everything the rules are made of; a new status or label is another object with the same rules.
bool same_rules(const api::HTTPRoute& a, const api::HTTPRoute& b) {
  return &a == &b || (a.metadata.creation_timestamp == b.metadata.creation_timestamp && a.spec == b.spec);
}

bool touched(const RouteSlot& slot, const Changes& changes) {
  return std::ranges::any_of(slot.lookups, [&](const Ref& ref) { return changes.touch(ref); });
}

std::vector<BackendShelf::Slot*> find_endpoint_slots(const BackendContext& context, const ResolvedRoute& route,
                                                     BackendShelf& shelf) {
  std::vector<BackendShelf::Slot*> slots;
  for (const ResolvedRule& rule : route.rules) {
    const auto* forward = std::get_if<ResolvedForward>(&rule.action);
    if (forward == nullptr) continue;
    for (const ResolvedBackend& backend : forward->backends) {
      if (!backend.backend) continue;
      BackendShelf::Slot* slot = &shelf.find(context, *backend.backend);
      if (std::ranges::find(slots, slot) == slots.end()) slots.push_back(slot);
    }
  }
  return slots;
}

}  // namespace

RouteVerdict resolve_route(const api::HTTPRoute& route, const BackendVerdicts& backends) {
  RouteVerdict verdict;
  auto resolved = std::make_shared<ResolvedRoute>();
  resolved->name = route.metadata.ns + '/' + route.metadata.name;
  verdict.has_sound_rule = route.spec.rules.empty();
  for (std::uint32_t index = 0; index < route.spec.rules.size(); ++index) {
    RuleReader reader(route, index, backends[index], verdict);
    if (reader.read()) verdict.has_sound_rule = true;
    // Without a sound match nothing can reach the rule.
    if (!reader.rule().matches.empty()) resolved->rules.push_back(std::move(reader.rule()));
  }
  verdict.route = std::move(resolved);
  return verdict;
}

std::vector<RouteSlot>& RouteShelf::refresh(const BackendContext& context, const Changes& changes,
                                            BackendShelf& backends) {
  // Churn of endpoints, the most frequent change of all, leaves every route as it is.
  const bool spared = changes.spare_routes() && slots_.size() == context.snapshot.all<api::HTTPRoute>().size();
  if (!spared) update(context, changes, backends);
  return slots_;
}

void RouteShelf::update(const BackendContext& context, const Changes& changes, BackendShelf& backends) {
  const auto routes = context.snapshot.all<api::HTTPRoute>();
  std::vector<RouteSlot> fresh;
  fresh.reserve(routes.size());
  const auto key_of = [](const api::HTTPRoute& one) { return std::tie(one.metadata.ns, one.metadata.name); };
  auto old = slots_.begin();
  for (const api::HTTPRoute& route : routes) {
    for (; old != slots_.end() && key_of(*old->object) < key_of(route); ++old) forget(*old);
    const bool known = old != slots_.end() && key_of(*old->object) == key_of(route);
    RouteSlot& slot = fresh.emplace_back(known ? std::move(*old) : RouteSlot{});
    if (known) ++old;
    if (slot.object.get() == &route && !touched(slot, changes)) continue;

    RefSet lookups;
    BackendVerdicts verdicts = judge_backends(context, route, lookups);
    const bool same = slot.object && same_rules(*slot.object, route) && verdicts == slot.backends;
    slot.object = context.snapshot.find_shared<api::HTTPRoute>(route.metadata.ns, route.metadata.name);
    if (same && lookups == slot.lookups) continue;
    forget(slot);
    slot.lookups = std::move(lookups);
    if (!same) {
      slot.verdict = resolve_route(route, verdicts);
      slot.backends = std::move(verdicts);
    }
    slot.endpoints = find_endpoint_slots(context, *slot.verdict.route, backends);
    for (BackendShelf::Slot* backend : slot.endpoints) ++backend->named;
  }
  for (; old != slots_.end(); ++old) forget(*old);
  slots_ = std::move(fresh);
}

/// Takes back all that was counted for the slot.
void RouteShelf::forget(RouteSlot& slot) {
  set_standing(slot, RouteStanding::Foreign);
  for (BackendShelf::Slot* backend : slot.endpoints) --backend->named;
  slot.endpoints.clear();
}

void RouteShelf::set_standing(RouteSlot& slot, RouteStanding standing) {
  if (slot.standing == standing) return;
  const bool was_ours = slot.standing != RouteStanding::Foreign;
  const bool is_ours = standing != RouteStanding::Foreign;
  for (const Ref& ref : slot.lookups) {
    if (is_ours && !was_ours) ++counts_[ref];
    if (!was_ours || is_ours) continue;
    if (const auto at = counts_.find(ref); --at->second == 0) counts_.erase(at);
  }
  for (BackendShelf::Slot* backend : slot.endpoints) {
    if (standing == RouteStanding::Served) ++backend->served;
    if (slot.standing == RouteStanding::Served) --backend->served;
  }
  slot.standing = standing;
}

RefSet RouteShelf::lookups() const {
  RefSet all;
  for (const auto& [ref, count] : counts_) all.emplace_hint(all.end(), ref);
  return all;
}

}  // namespace pintle::resolve
