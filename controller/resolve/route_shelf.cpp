#include <algorithm>
#include <tuple>
#include <utility>

#include "controller/resolve/routes.hpp"
#include "controller/resolve/rule_references.hpp"

namespace pintle::resolve {
namespace {

/// Everything the rules are made of; a new status or label is another object with the same rules.
template <class Route>
bool same_rules(const Route& a, const Route& b) {
  return &a == &b || (a.metadata.creation_timestamp == b.metadata.creation_timestamp && a.spec == b.spec);
}

/// What the route refers to, rule by rule.
template <class Route>
std::vector<BackendUse> take_referrals(const BackendContext& context, const Route& route, BackendShelf& shelf) {
  std::vector<BackendUse> uses;
  std::size_t count = 0;
  for (const auto& rule : route.spec.rules) count += count_references(rule);
  uses.reserve(count);
  for (const auto& rule : route.spec.rules)
    for_each_reference(rule, [&](const api::BackendObjectReference& ref) {
      Referral& referral = shelf.take_referral(context, {Route::kind, route.metadata.ns}, ref);
      uses.push_back({&referral, referral.verdict, nullptr});
    });
  return uses;
}

bool same_verdicts(const std::vector<BackendUse>& a, const std::vector<BackendUse>& b) {
  return std::ranges::equal(a, b, {}, &BackendUse::verdict, &BackendUse::verdict);
}

/// Another verdict on one of its backendRefs is known by now.
bool is_outdated(const RouteSlot& slot) {
  return std::ranges::any_of(slot.uses, [](const BackendUse& use) { return use.verdict != use.referral->verdict; });
}

template <api::Kind K>
RouteVerdict resolve_route(const BackendContext& context, const api::L4Route<K>& route, std::span<BackendUse> uses,
                           BackendShelf& shelf) {
  return resolve_l4_route(context, K, route.metadata, route.spec, uses, shelf);
}

const SharedList<std::string>& hostnames_of(const auto& spec) {
  static const SharedList<std::string> none;
  if constexpr (requires { spec.hostnames; })
    return spec.hostnames;
  else
    return none;
}

}  // namespace

void RouteShelf::refresh(const BackendContext& context, const Changes& changes) {
  // Churn of endpoints, the most frequent change of all, leaves every route as it is.
  if (changes.same_routes() && !backends_.verdicts_changed()) return;
  update<api::HTTPRoute>(context, kinds_[0]);
  update<api::GRPCRoute>(context, kinds_[1]);
  update<api::TLSRoute>(context, kinds_[2]);
  update<api::TCPRoute>(context, kinds_[3]);
  update<api::UDPRoute>(context, kinds_[4]);
}

template <class Route>
void RouteShelf::update(const BackendContext& context, RouteSlots& slots) {
  const auto routes = context.snapshot.all<Route>();
  RouteSlots fresh;
  fresh.reserve(routes.size());
  const auto key_of = [](const api::ObjectMeta& one) { return std::tie(one.ns, one.name); };
  auto old = slots.begin();
  for (const Route& route : routes) {
    const auto is_it = [&] { return (*old)->object.get() == &route; };
    const auto old_key = [&] { return key_of(*(*old)->view.metadata); };
    for (; old != slots.end() && !is_it() && old_key() < key_of(route.metadata); ++old) forget(**old);
    const bool known = old != slots.end() && (is_it() || old_key() == key_of(route.metadata));
    RouteSlot& slot = *fresh.emplace_back(known ? std::move(*old++) : std::make_unique<RouteSlot>());
    if (slot.object.get() != &route || (backends_.verdicts_changed() && is_outdated(slot)))
      renew(context, routes.shared(fresh.size() - 1), slot);
  }
  for (; old != slots.end(); ++old) forget(**old);
  slots = std::move(fresh);
}

template <class Route>
void RouteShelf::renew(const BackendContext& context, const api::Ptr<Route>& object, RouteSlot& slot) {
  const Route& route = *object;
  std::vector<BackendUse> uses = take_referrals(context, route, backends_);
  const bool same =
      slot.object && same_rules(*static_cast<const Route*>(slot.object.get()), route) && same_verdicts(uses, slot.uses);
  slot.object = object;
  slot.view = {Route::kind, &route.metadata, &route.spec.parent_refs, &hostnames_of(route.spec),
               route.spec.use_default_gateways.value_or(api::DefaultScope::None)};
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
