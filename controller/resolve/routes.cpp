#include "controller/resolve/routes.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "controller/resolve/filters.hpp"
#include "controller/resolve/matches.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"
#include "controller/resolve/rule_references.hpp"
#include "controller/resolve/sessions.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint16_t server_fault = 500;
/// More of them would only make an outage longer.
constexpr std::int32_t most_attempts = 100;

/// One rule while it is resolved: what is wrong with it is collected first, what it does is decided last.
class RuleReader {
 public:
  /// `uses`: of what the rule refers to. Of an HTTPRoute or a GRPCRoute.
  template <class Route>
  RuleReader(const Route& route, const std::string& name, std::uint32_t index, std::span<BackendUse> uses,
             RouteVerdict& verdict)
      : spec_(route.spec.rules[index]), index_(index), uses_(uses), verdict_(verdict) {
    rule().source.kind = api::to_string(Route::kind);
    rule().source.route = name;
    rule().source.index = index;
    rule().source.name = spec_.name.value_or("");
    RuleMatches read = resolve_matches(route, name, index);
    made_.matches = std::move(read.matches);
    faults_ = std::move(read.problems);
    one_match_ = read.only_one;
  }

  /// False if the rule is broken.
  bool read(const BackendContext& context, BackendShelf& shelf) {
    read_filters();
    read_timeouts();
    read_retry();
    read_sessions();
    rule().action = choose_action();
    if (!std::holds_alternative<route::Failure>(rule().action)) take_auth(context, shelf, rule().filters);
    if (auto* forward = std::get_if<route::Forward>(&rule().action)) take_targets(context, shelf, *forward);
    if (!faults_.empty()) {  // an answer of our own needs neither
      rule().filters = {};
      rule().timeouts = {};
      rule().retry = {};
      rule().sessions = {};
    }
    const bool sound = faults_.empty();
    if (!faults_.empty()) std::ranges::move(faults_, std::back_inserter(verdict_.remark().broken_rules));
    return sound;
  }

  [[nodiscard]] ResolvedRule& made() noexcept { return made_; }

 private:
  [[nodiscard]] route::Rule& rule() noexcept { return made_.rule; }
  [[nodiscard]] std::string field() const { return fmt::format("spec.rules[{}]", index_); }

  /// Of the rule's only match, if it is a PathPrefix.
  std::optional<std::string> only_prefix() const {
    const bool one = made_.matches.size() == 1 && one_match_;
    if (!one || made_.matches[0].path.kind != route::PathKind::Prefix) return std::nullopt;
    return made_.matches[0].path.value;
  }

  void take_words_of(ResolvedFilters& filters) {
    std::ranges::move(filters.problems, std::back_inserter(faults_));
    if (filters.resolved_refs.empty() && filters.notes.empty()) return;
    std::ranges::move(filters.resolved_refs, std::back_inserter(verdict_.remark().resolved_refs));
    std::ranges::move(filters.notes, std::back_inserter(verdict_.remark().notes));
  }

  void read_filters() {
    const std::optional<std::string> prefix = only_prefix();
    if (!spec_.filters.empty()) {
      ResolvedFilters filters = resolve_filters({spec_.filters, field() + ".filters", FilterPlace::Rule, prefix});
      take_words_of(filters);
      rule().filters = std::move(filters.message);
      const std::span<BackendUse> uses = next_uses(spec_.filters);
      read_mirrors(filters.mirrors, uses, rule().filters);
      if (filters.auth) auth_failure_ = read_auth(*filters.auth, uses, rule().filters);
      redirect_ = std::move(filters.redirect);
    }
    if (redirect_ && !spec_.backend_refs.empty())
      faults_.push_back({field() + ".filters", std::string(reason::incompatible_filters),
                         "a RequestRedirect filter and backendRefs contradict each other; remove one"});
    forward_.backends.reserve(spec_.backend_refs.size());
    for (std::size_t at = 0; at < spec_.backend_refs.size(); ++at) read_backend(at, prefix);
  }

  /// Those of the filters of the next list.
  std::span<BackendUse> next_uses(const SharedList<api::HTTPRouteFilter>& filters) {
    const std::size_t first = next_use_;
    for_each_reference_of(filters, [this](const api::BackendObjectReference&) { ++next_use_; });
    return uses_.subspan(first, next_use_ - first);
  }

  [[nodiscard]] route::Failure make_failure(const Problem& problem, const std::string& field) {
    verdict_.remark().resolved_refs.push_back({field + problem.field_path, problem.reason, problem.message});
    const bool permitted = problem.reason != reason::ref_not_permitted;
    return {server_fault, permitted ? Reason::RefInvalid : Reason::RefNotPermitted, problem.message};
  }

  /// One that cannot be asked is never passed over: all of its requests are answered with the failure
  /// (HTTPRouteFilter).
  std::optional<route::Failure> read_auth(AuthFilter& filter, std::span<BackendUse> uses, route::MessageFilters& out) {
    BackendUse& use = uses[filter.reference];
    if (const auto& problem = use.verdict->problem) return make_failure(*problem, filter.field);
    filter.auth.name = use.verdict->name;
    out.auth = std::move(filter.auth);
    auth_uses_.push_back(&use);
    return std::nullopt;
  }

  /// A mirror that names no backend is told, and left out: it never hurts the requests themselves
  /// (HTTPRequestMirrorFilter.backendRef).
  void read_mirrors(std::vector<MirrorFilter>& filters, std::span<BackendUse> uses, route::MessageFilters& out) {
    std::vector<route::Mirror> sound;
    for (MirrorFilter& filter : filters) {
      BackendUse& use = uses[filter.reference];
      if (const auto& problem = use.verdict->problem) {
        verdict_.remark().resolved_refs.push_back(
            {filter.field + problem->field_path, problem->reason, problem->message});
        continue;
      }
      filter.mirror.name = use.verdict->name;
      sound.push_back(std::move(filter.mirror));
      mirror_uses_.push_back(&use);
    }
    if (!sound.empty()) out.mirrors = std::move(sound);
  }

  void read_backend(std::size_t at, const std::optional<std::string>& prefix) {
    const api::HTTPBackendRef& spec = spec_.backend_refs[at];
    const BackendVerdict& verdict = *uses_[at].verdict;
    const auto field_of = [&](std::string_view part) { return fmt::format("{}.backendRefs[{}]{}", field(), at, part); };
    route::WeightedBackend& backend = forward_.backends.emplace_back();
    backend.weight = static_cast<std::uint32_t>(std::max(spec.weight, 0));
    forward_.total_weight += backend.weight;
    backend.name = verdict.name;
    if (verdict.problem) backend.failure = make_failure(*verdict.problem, field_of(""));
    if (spec.filters.empty()) return;
    ResolvedFilters filters = resolve_filters({spec.filters, field_of(".filters"), FilterPlace::BackendRef, prefix});
    take_words_of(filters);
    backend.filters = std::move(filters.message);
    const std::span<BackendUse> uses = next_uses(spec.filters);
    read_mirrors(filters.mirrors, uses, backend.filters);
    if (!filters.auth) return;
    if (auto failure = read_auth(*filters.auth, uses, backend.filters)) backend.failure = std::move(*failure);
  }

  /// A broken backendRef keeps its share of the traffic and answers it with its failure (HTTPRouteRule.backendRefs).
  void take_targets(const BackendContext& context, BackendShelf& shelf, route::Forward& forward) {
    const auto take = [&](BackendUse& use) {
      use.target = &shelf.take_target(context, *use.verdict->backend);
      return use.target->id;
    };
    for (std::size_t at = 0; at < forward.backends.size(); ++at)
      if (uses_[at].verdict->backend) forward.backends[at].backend = take(uses_[at]);
    auto use = mirror_uses_.begin();
    const auto take_mirrors = [&](route::MessageFilters& filters) {
      if (filters.mirrors)
        for (route::Mirror& mirror : *filters.mirrors) mirror.backend = take(**use++);
    };
    take_mirrors(rule().filters);
    for (route::WeightedBackend& backend : forward.backends) take_mirrors(backend.filters);
    for (route::WeightedBackend& backend : forward.backends) take_auth(context, shelf, backend.filters);
  }

  /// In the order in which read_auth() found them. A server asked by gRPC speaks HTTP/2 whatever its Service says.
  void take_auth(const BackendContext& context, BackendShelf& shelf, route::MessageFilters& filters) {
    if (!filters.auth) return;
    BackendUse& use = *auth_uses_[next_auth_use_++];
    BackendKey key = *use.verdict->backend;
    if (filters.auth->protocol == route::ExternalAuth::Protocol::Grpc) key.protocol = runtime::BackendProtocol::Http2;
    use.target = &shelf.take_target(context, key);
    filters.auth->backend = use.target->id;
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

  void read_retry() {
    if (!spec_.retry) return;
    const api::HTTPRouteRetry& spec = *spec_.retry;
    route::Retry retry;
    retry.codes = spec.codes;
    if (spec.attempts) retry.attempts = static_cast<std::uint32_t>(std::clamp(*spec.attempts, 0, most_attempts));
    retry.backoff = spec.backoff.value_or(Millis{0});
    rule().retry = std::move(retry);
  }

  /// What the rule says goes before policies of its backends (GEP-1619, "Edge Case Behavior").
  void read_sessions() {
    if (forward_.backends.empty()) return;
    route::Sessions sessions{.scope = session_scope(rule().source), .by_backend = {}};
    if (!spec_.session_persistence) return read_policies(std::move(sessions));
    const auto session =
        resolve_session(*spec_.session_persistence, sessions.scope, field() + ".sessionPersistence", faults_);
    sessions.by_backend.resize(forward_.backends.size(), session);
    rule().sessions = std::move(sessions);
  }

  void read_policies(route::Sessions sessions) {
    sessions.by_backend.resize(forward_.backends.size());
    bool any = false;
    for (std::size_t at = 0; at < sessions.by_backend.size(); ++at) {
      const auto& of_policy = uses_[at].verdict->session;
      if (!of_policy) continue;
      sessions.by_backend[at] = session_for(*of_policy, sessions.scope);
      any = true;
    }
    if (any) rule().sessions = std::move(sessions);
  }

  /// A rule that cannot be served answers 500: its traffic must not fall through to another rule.
  route::Action choose_action() {
    if (!faults_.empty()) return route::Failure{server_fault, Reason::FilterInvalid, faults_.front().message};
    if (auth_failure_) return std::move(*auth_failure_);
    if (redirect_) return std::move(*redirect_);
    if (forward_.backends.empty())
      return route::Failure{server_fault, Reason::RefInvalid, "the rule has no backendRefs"};
    if (forward_.total_weight == 0 && !rule().sessions)  // sessions outlive their weight (GEP-1619, Traffic Splitting)
      return route::Failure{server_fault, Reason::RefInvalid, "the weights of the rule's backends add up to 0"};
    return std::move(forward_);
  }

  const api::HTTPRuleParts& spec_;
  std::uint32_t index_;
  std::span<BackendUse> uses_;
  RouteVerdict& verdict_;
  ResolvedRule made_;
  bool one_match_ = true;
  route::Forward forward_;
  std::optional<route::Redirect> redirect_;
  std::optional<route::Failure> auth_failure_;
  std::size_t next_use_ = spec_.backend_refs.size();  ///< of uses_, by filters
  std::vector<BackendUse*> mirror_uses_;              ///< of the mirrors that are kept
  std::vector<BackendUse*> auth_uses_;
  std::size_t next_auth_use_ = 0;
  Problems faults_;
};

template <class Route>
RouteVerdict resolve_rules(const BackendContext& context, const Route& route, std::span<BackendUse> uses,
                           BackendShelf& shelf) {
  RouteVerdict verdict;
  auto resolved = std::make_shared<ResolvedRoute>();
  resolved->name = name_of(route.metadata);
  resolved->rules.reserve(route.spec.rules.size());
  verdict.has_sound_rule = route.spec.rules.empty();
  for (std::uint32_t index = 0; index < route.spec.rules.size(); ++index) {
    const std::size_t count = count_references(route.spec.rules[index]);
    RuleReader reader(route, resolved->name, index, uses.first(count), verdict);
    uses = uses.subspan(count);
    if (reader.read(context, shelf)) verdict.has_sound_rule = true;
    if (reader.made().rule.sessions) verdict.keeps_sessions = true;
    // Without a sound match nothing can reach the rule.
    if (!reader.made().matches.empty()) resolved->rules.push_back(std::move(reader.made()));
  }
  verdict.route = std::move(resolved);
  return verdict;
}

}  // namespace

RouteVerdict resolve_route(const BackendContext& context, const api::HTTPRoute& route, std::span<BackendUse> uses,
                           BackendShelf& shelf) {
  return resolve_rules(context, route, uses, shelf);
}
RouteVerdict resolve_route(const BackendContext& context, const api::GRPCRoute& route, std::span<BackendUse> uses,
                           BackendShelf& shelf) {
  return resolve_rules(context, route, uses, shelf);
}

}  // namespace pintle::resolve
