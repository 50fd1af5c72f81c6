#include "controller/resolve/routes.hpp"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "controller/resolve/filters.hpp"
#include "controller/resolve/matches.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint16_t server_fault = 500;

/// One rule while it is resolved: what is wrong with it is collected first, what it does is decided last.
class RuleReader {
 public:
  /// `uses`: of the rule's backendRefs.
  RuleReader(const api::HTTPRoute& route, const std::string& name, std::uint32_t index, std::span<BackendUse> uses,
             RouteVerdict& verdict)
      : spec_(route.spec.rules[index]), index_(index), uses_(uses), verdict_(verdict) {
    rule().source.route = name;
    rule().source.index = index;
    rule().source.name = spec_.name.value_or("");
    RuleMatches read = resolve_matches(route, name, index);
    made_.matches = std::move(read.matches);
    faults_ = std::move(read.problems);
  }

  /// False if the rule is broken.
  bool read(const BackendContext& context, BackendShelf& shelf) {
    read_filters();
    read_timeouts();
    note_what_has_no_effect();
    rule().action = choose_action();
    if (auto* forward = std::get_if<route::Forward>(&rule().action)) take_targets(context, shelf, *forward);
    if (!faults_.empty()) {  // an answer of our own needs neither
      rule().filters = {};
      rule().timeouts = {};
    }
    const bool sound = faults_.empty();
    std::ranges::move(faults_, std::back_inserter(verdict_.broken_rules));
    return sound;
  }

  [[nodiscard]] ResolvedRule& made() noexcept { return made_; }

 private:
  [[nodiscard]] route::Rule& rule() noexcept { return made_.rule; }
  [[nodiscard]] std::string field() const { return fmt::format("spec.rules[{}]", index_); }

  /// Of the rule's only match, if it is a PathPrefix.
  std::optional<std::string> only_prefix() const {
    const bool one = made_.matches.size() == 1 && spec_.matches.size() <= 1;
    if (!one || made_.matches[0].path.kind != route::PathKind::Prefix) return std::nullopt;
    return made_.matches[0].path.value;
  }

  void take_words_of(ResolvedFilters& filters) {
    std::ranges::move(filters.problems, std::back_inserter(faults_));
    std::ranges::move(filters.resolved_refs, std::back_inserter(verdict_.resolved_refs));
    std::ranges::move(filters.notes, std::back_inserter(verdict_.notes));
  }

  void read_filters() {
    const std::optional<std::string> prefix = only_prefix();
    if (!spec_.filters.empty()) {
      ResolvedFilters filters = resolve_filters({spec_.filters, field() + ".filters", FilterPlace::Rule, prefix});
      take_words_of(filters);
      rule().filters = std::move(filters.message);
      redirect_ = std::move(filters.redirect);
    }
    if (redirect_ && !spec_.backend_refs.empty())
      faults_.push_back({field() + ".filters", std::string(reason::incompatible_filters),
                         "a RequestRedirect filter and backendRefs contradict each other; remove one"});
    forward_.backends.reserve(spec_.backend_refs.size());
    for (std::size_t at = 0; at < spec_.backend_refs.size(); ++at) read_backend(at, prefix);
  }

  void read_backend(std::size_t at, const std::optional<std::string>& prefix) {
    const api::HTTPBackendRef& spec = spec_.backend_refs[at];
    const BackendVerdict& verdict = *uses_[at].verdict;
    const auto field_of = [&](std::string_view part) { return fmt::format("{}.backendRefs[{}]{}", field(), at, part); };
    route::WeightedBackend& backend = forward_.backends.emplace_back();
    backend.weight = static_cast<std::uint32_t>(std::max(spec.weight, 0));
    forward_.total_weight += backend.weight;
    backend.name = verdict.name;
    if (verdict.problem) {
      const bool permitted = verdict.problem->reason != reason::ref_not_permitted;
      backend.failure = route::Failure{server_fault, permitted ? Reason::RefInvalid : Reason::RefNotPermitted,
                                       verdict.problem->message};
      verdict_.resolved_refs.push_back(
          {field_of(verdict.problem->field_path), verdict.problem->reason, verdict.problem->message});
    }
    if (spec.filters.empty()) return;
    ResolvedFilters filters = resolve_filters({spec.filters, field_of(".filters"), FilterPlace::BackendRef, prefix});
    take_words_of(filters);
    backend.filters = std::move(filters.message);
  }

  /// A broken backendRef keeps its share of the traffic and answers it with its failure (HTTPRouteRule.backendRefs).
  void take_targets(const BackendContext& context, BackendShelf& shelf, route::Forward& forward) {
    for (std::size_t at = 0; at < uses_.size(); ++at) {
      if (!uses_[at].verdict->backend) continue;
      uses_[at].target = &shelf.take_target(context, *uses_[at].verdict->backend);
      forward.backends[at].backend = uses_[at].target->id;
    }
  }

  /// One try may not take longer than all of them together (HTTPRouteTimeouts.backendRequest).
  void read_timeouts() {
    if (!spec_.timeouts) return;
    rule().timeouts.request = spec_.timeouts->request;
    rule().timeouts.backend_request = spec_.timeouts->backend_request;
    const Millis request = spec_.timeouts->request.value_or(Millis{0});
    if (request.count() != 0 && spec_.timeouts->backend_request.value_or(Millis{0}) > request)
      faults_.push_back({field() + ".timeouts.backendRequest", std::string(reason::unsupported_value),
                         "backendRequest is longer than request; shorten it or lengthen request"});
  }

  void note_what_has_no_effect() {
    if (spec_.retry) verdict_.notes.push_back(field() + ".retry has no effect yet");
    if (spec_.session_persistence) verdict_.notes.push_back(field() + ".sessionPersistence has no effect yet");
  }

  /// A rule that cannot be served answers 500: its traffic must not fall through to another rule.
  route::Action choose_action() {
    if (!faults_.empty()) return route::Failure{server_fault, Reason::FilterInvalid, faults_.front().message};
    if (redirect_) return std::move(*redirect_);
    if (forward_.backends.empty())
      return route::Failure{server_fault, Reason::RefInvalid, "the rule has no backendRefs"};
    if (forward_.total_weight == 0)
      return route::Failure{server_fault, Reason::RefInvalid, "the weights of the rule's backends add up to 0"};
    return std::move(forward_);
  }

  const api::HTTPRouteRule& spec_;
  std::uint32_t index_;
  std::span<BackendUse> uses_;
  RouteVerdict& verdict_;
  ResolvedRule made_;
  route::Forward forward_;
  std::optional<route::Redirect> redirect_;
  Problems faults_;
};

/// Everything the rules are made of; a new status or label is another object with the same rules.
bool same_rules(const api::HTTPRoute& a, const api::HTTPRoute& b) {
  return &a == &b || (a.metadata.creation_timestamp == b.metadata.creation_timestamp && a.spec == b.spec);
}

/// What the route refers to, rule by rule.
std::vector<BackendUse> take_referrals(const BackendContext& context, const api::HTTPRoute& route,
                                       BackendShelf& shelf) {
  std::vector<BackendUse> uses;
  std::size_t count = 0;
  for (const api::HTTPRouteRule& rule : route.spec.rules) count += rule.backend_refs.size();
  uses.reserve(count);
  for (const api::HTTPRouteRule& rule : route.spec.rules)
    for (const api::HTTPBackendRef& ref : rule.backend_refs) {
      Referral& referral = shelf.take_referral(context, route.metadata.ns, ref.ref);
      uses.push_back({&referral, referral.verdict, nullptr});
    }
  return uses;
}

bool same_verdicts(const std::vector<BackendUse>& a, const std::vector<BackendUse>& b) {
  return std::ranges::equal(a, b, {}, &BackendUse::verdict, &BackendUse::verdict);
}

/// Another verdict on one of its backendRefs is known by now.
bool is_outdated(const RouteSlot& slot) {
  return std::ranges::any_of(slot.uses, [](const BackendUse& use) { return use.verdict != use.referral->verdict; });
}

RouteVerdict resolve_route(const BackendContext& context, const api::HTTPRoute& route, std::span<BackendUse> uses,
                           BackendShelf& shelf) {
  RouteVerdict verdict;
  auto resolved = std::make_shared<ResolvedRoute>();
  resolved->name = name_of(route.metadata);
  resolved->rules.reserve(route.spec.rules.size());
  verdict.has_sound_rule = route.spec.rules.empty();
  for (std::uint32_t index = 0; index < route.spec.rules.size(); ++index) {
    const std::size_t count = route.spec.rules[index].backend_refs.size();
    RuleReader reader(route, resolved->name, index, uses.first(count), verdict);
    uses = uses.subspan(count);
    if (reader.read(context, shelf)) verdict.has_sound_rule = true;
    // Without a sound match nothing can reach the rule.
    if (!reader.made().matches.empty()) resolved->rules.push_back(std::move(reader.made()));
  }
  verdict.route = std::move(resolved);
  return verdict;
}

}  // namespace

void RouteShelf::refresh(const BackendContext& context, const Changes& changes) {
  // Churn of endpoints, the most frequent change of all, leaves every route as it is.
  if (!changes.same_routes() || backends_.verdicts_changed()) update(context);
}

void RouteShelf::update(const BackendContext& context) {
  const auto routes = context.snapshot.all<api::HTTPRoute>();
  RouteSlots fresh;
  fresh.reserve(routes.size());
  const auto key_of = [](const api::HTTPRoute& one) { return std::tie(one.metadata.ns, one.metadata.name); };
  auto old = slots_.begin();
  for (const api::HTTPRoute& route : routes) {
    const auto precedes = [&] {
      return old != slots_.end() && (*old)->object.get() != &route && key_of(*(*old)->object) < key_of(route);
    };
    for (; precedes(); ++old) forget(**old);
    const bool known =
        old != slots_.end() && ((*old)->object.get() == &route || key_of(*(*old)->object) == key_of(route));
    RouteSlot& slot = *fresh.emplace_back(known ? std::move(*old++) : std::make_unique<RouteSlot>());
    if (slot.object.get() != &route || (backends_.verdicts_changed() && is_outdated(slot)))
      renew(context, routes.shared(fresh.size() - 1), slot);
  }
  for (; old != slots_.end(); ++old) forget(**old);
  slots_ = std::move(fresh);
}

void RouteShelf::renew(const BackendContext& context, const api::Ptr<api::HTTPRoute>& object, RouteSlot& slot) {
  const api::HTTPRoute& route = *object;
  std::vector<BackendUse> uses = take_referrals(context, route, backends_);
  const bool same = slot.object && same_rules(*slot.object, route) && same_verdicts(uses, slot.uses);
  slot.object = object;
  slot.attached = false;
  if (same) {
    for (const BackendUse& use : uses) backends_.give_back(*use.referral);
    return;
  }
  forget(slot);
  slot.uses = std::move(uses);
  slot.verdict = resolve_route(context, route, slot.uses, backends_);
}

/// Takes back all that was counted for the slot.
void RouteShelf::forget(RouteSlot& slot) {
  set_standing(slot, RouteStanding::Foreign);
  for (const BackendUse& use : slot.uses) {
    if (use.target != nullptr) backends_.give_back(*use.target);
    backends_.give_back(*use.referral);
  }
  slot.uses.clear();
}

void RouteShelf::set_standing(RouteSlot& slot, RouteStanding standing) {
  const RouteStanding before = std::exchange(slot.counted, standing);
  if (before == standing) return;
  const auto step = [&](RouteStanding from) {
    return static_cast<std::int32_t>(standing >= from) - static_cast<std::int32_t>(before >= from);
  };
  const std::int32_t ours = step(RouteStanding::Attached);
  const std::int32_t served = step(RouteStanding::Served);
  for (const BackendUse& use : slot.uses) {
    if (ours != 0) backends_.set_ours(*use.referral, ours);
    if (served != 0 && use.target != nullptr) backends_.set_served(*use.target, served);
  }
}

}  // namespace pintle::resolve
