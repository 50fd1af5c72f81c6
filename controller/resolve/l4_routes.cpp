// TLSRoutes, TCPRoutes and UDPRoutes to rules. A rule has one match, which always holds: of the routes of a listener
// (of a host of it, for TLS) the one of least rank, the oldest, takes all connections.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "controller/resolve/age.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/routes.hpp"

namespace pintle::resolve {
namespace {

/// Closed without an answer, as a connection can have none.
route::Failure make_failure(Reason reason, std::string detail) { return {0, reason, std::move(detail)}; }

route::WeightedBackend make_backend(const BackendVerdict& verdict, std::int32_t weight) {
  route::WeightedBackend made;
  made.weight = static_cast<std::uint32_t>(std::max(weight, 0));
  made.name = verdict.name;
  if (!verdict.problem) return made;
  const bool permitted = verdict.problem->reason != reason::ref_not_permitted;
  made.failure = make_failure(permitted ? Reason::RefInvalid : Reason::RefNotPermitted, verdict.problem->message);
  return made;
}

/// A broken backendRef keeps its share of the connections, which are closed (TCPRouteRule.backendRefs).
route::Action make_action(const BackendContext& context, const api::L4RouteRule& rule, std::span<BackendUse> uses,
                          BackendShelf& shelf, RouteVerdict& verdict) {
  route::Forward forward;
  for (std::size_t at = 0; at < rule.backend_refs.size(); ++at) {
    const BackendVerdict& judged = *uses[at].verdict;
    route::WeightedBackend& made = forward.backends.emplace_back(make_backend(judged, rule.backend_refs[at].weight));
    forward.total_weight += made.weight;
    if (judged.problem)
      verdict.remark().resolved_refs.push_back(
          {fmt::format("spec.rules[0].backendRefs[{}]{}", at, judged.problem->field_path), judged.problem->reason,
           judged.problem->message});
  }
  if (forward.backends.empty()) return make_failure(Reason::RefInvalid, "the rule has no backendRefs");
  if (forward.total_weight == 0)
    return make_failure(Reason::RefInvalid, "the weights of the rule's backends add up to 0");
  for (std::size_t at = 0; at < forward.backends.size(); ++at) {
    if (!uses[at].verdict->backend) continue;
    uses[at].target = &shelf.take_target(context, *uses[at].verdict->backend);
    forward.backends[at].backend = uses[at].target->id;
  }
  return forward;
}

}  // namespace

RouteVerdict resolve_l4_route(const BackendContext& context, api::Kind kind, const api::ObjectMeta& metadata,
                              const api::L4RouteSpec& spec, std::span<BackendUse> uses, BackendShelf& shelf) {
  RouteVerdict verdict;
  auto resolved = std::make_shared<ResolvedRoute>();
  resolved->name = name_of(metadata);
  verdict.has_sound_rule = true;
  if (!spec.rules.empty()) {
    ResolvedRule& made = resolved->rules.emplace_back();
    made.rule.source = {to_string(kind), resolved->name, 0, spec.rules.front().name.value_or("")};
    made.rule.action = make_action(context, spec.rules.front(), uses, shelf, verdict);
    made.matches.resize(1);
    made.matches.front().rank.created_at = birth_of(metadata).time_since_epoch().count();
    made.matches.front().rank.route = resolved->name;
  }
  if (spec.rules.size() > 1)
    verdict.remark().notes.push_back(
        fmt::format("only the first of {} rules serves: nothing tells their connections apart", spec.rules.size()));
  verdict.route = std::move(resolved);
  return verdict;
}

}  // namespace pintle::resolve
