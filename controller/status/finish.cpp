#include "controller/status/finish.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "controller/status/binding.hpp"
#include "controller/status/conditions.hpp"
#include "controller/status/merge.hpp"

namespace pintle::status {
namespace {

constexpr std::string_view class_not_accepted = "waiting for the GatewayClass to be accepted";

[[nodiscard]] std::string with_notes(std::string message, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) message += "; " + note;
  return message;
}

template <class Status>
[[nodiscard]] const Status& previous_of(const Statuses& previous, const api::ObjectKey& key) {
  static const Status none;
  const auto found = previous.find(key);
  const Status* held = found == previous.end() ? nullptr : std::get_if<Status>(found->second.get());
  return held == nullptr ? none : *held;
}

// ---- GatewayClass
// ----------------------------------------------------------------------------------------------------

[[nodiscard]] api::GatewayClassStatus finish(const resolve::ClassReport& report,
                                             const api::GatewayClassStatus& previous, Stamp stamp) {
  const Verdict verdicts[] = {
      report.accepted.empty() ? gateway_class::accepted("the class is served by this controller")
                              : gateway_class::refused_accepted(report.accepted),
      gateway_class::supported_version("Gateway API v1.6 is what is read: unknown fields and versions are findings"),
  };
  return {.conditions = merge_conditions(previous.conditions, verdicts, gateway_class::owned, stamp),
          .supported_features = report.supported_features};
}

// ---- Gateway
// ---------------------------------------------------------------------------------------------------------

/// What is served here is Programmed only when every ready replica serves it (docs/decisions/0006).
[[nodiscard]] Verdict unless_behind(const Lag* lag, Verdict verdict, Verdict (*pending)(std::string)) {
  if (lag == nullptr || verdict.status != api::ConditionStatus::True) return verdict;
  return pending(fmt::format("served by {} of {} replicas", lag->serving, lag->replicas));
}

[[nodiscard]] std::vector<Verdict> judge(const resolve::GatewayReport& gateway, const resolve::ListenerReport& report,
                                         const SocketResults& results, const Lag* lag) {
  if (gateway.standing == resolve::Standing::ClassPending)
    return {listener::pending(std::string(class_not_accepted)),
            listener::programmed_unknown(std::string(class_not_accepted))};
  std::vector<Verdict> verdicts{
      report.accepted.empty() ? listener::accepted(with_notes("the listener is accepted", report.notes))
                              : listener::refused_accepted(report.accepted),
      unless_behind(lag, judge_programmed(gateway, report, results), listener::programmed_pending),
      report.resolved_refs.empty() ? listener::resolved_refs("every reference resolves")
                                   : listener::refused_refs(report.resolved_refs),
      report.conflict ? listener::conflicted(*report.conflict)
                      : listener::no_conflicts("no other listener of the port stands in its way"),
  };
  if (report.overlap) verdicts.push_back(listener::overlapping(*report.overlap));
  return verdicts;
}

/// Names of the listeners for which `problems_of` is not empty.
[[nodiscard]] std::vector<std::string_view> names_with(const resolve::GatewayReport& report,
                                                       resolve::Problems resolve::ListenerReport::* problems) {
  std::vector<std::string_view> names;
  for (const resolve::ListenerReport& listener : report.listeners)
    if (!(listener.*problems).empty()) names.push_back(listener.name);
  return names;
}

[[nodiscard]] Verdict judge_accepted(const resolve::GatewayReport& report) {
  if (!report.accepted.empty()) return gateway::refused_accepted(report.accepted);
  const auto bad = names_with(report, &resolve::ListenerReport::accepted);
  if (bad.empty()) return gateway::accepted(with_notes("the Gateway is accepted", report.notes));
  std::string message = fmt::format("not accepted: listener{} {}", bad.size() == 1 ? "" : "s", fmt::join(bad, ", "));
  return bad.size() == report.listeners.size()
             ? gateway::listeners_not_valid(std::move(message))
             : gateway::accepted_in_part(with_notes(std::move(message), report.notes));
}

[[nodiscard]] Verdict judge_resolved(const resolve::GatewayReport& report) {
  if (!report.resolved_refs.empty()) return gateway::refused_refs(report.resolved_refs);
  const auto bad = names_with(report, &resolve::ListenerReport::resolved_refs);
  if (bad.empty()) return gateway::resolved_refs("every reference resolves");
  return gateway::listeners_not_resolved(
      fmt::format("references do not resolve: listener{} {}", bad.size() == 1 ? "" : "s", fmt::join(bad, ", ")));
}

[[nodiscard]] std::vector<Verdict> judge(const resolve::GatewayReport& report, const SocketResults& results,
                                         const Lag* lag) {
  if (report.standing == resolve::Standing::ClassPending)
    return {gateway::pending(std::string(class_not_accepted)),
            gateway::programmed_unknown(std::string(class_not_accepted))};
  Verdict accepted = judge_accepted(report);
  Verdict programmed = accepted.status == api::ConditionStatus::True
                           ? unless_behind(lag, judge_programmed(report, results), gateway::programmed_pending)
                           : gateway::programmed_invalid("the Gateway is not accepted");
  std::vector<Verdict> verdicts{std::move(accepted), std::move(programmed), judge_resolved(report)};
  if (!report.insecure_validation.empty())
    verdicts.push_back(gateway::insecure_frontend_validation(report.insecure_validation));
  return verdicts;
}

[[nodiscard]] api::GatewayStatus finish(const resolve::GatewayReport& report, const api::GatewayStatus& previous,
                                        const SocketResults& results, const Lag* lag, Stamp stamp) {
  api::GatewayStatus made;
  // Never an empty list while traffic flows: until the workers have answered, what was known stays.
  made.addresses = results.apply().complete() ? bound_addresses(report, results) : previous.addresses;
  made.conditions = merge_conditions(previous.conditions, judge(report, results, lag), gateway::owned, stamp);
  made.attached_listener_sets = previous.attached_listener_sets;
  for (const resolve::ListenerReport& listener : report.listeners) {
    const auto before = std::ranges::find(previous.listeners, listener.name, &api::ListenerStatus::name);
    static const std::vector<api::Condition> none;
    made.listeners.push_back(
        {.name = listener.name,
         .supported_kinds = listener.supported_kinds,
         .attached_routes = listener.attached_routes,
         .conditions = merge_conditions(before == previous.listeners.end() ? none : before->conditions,
                                        judge(report, listener, results, lag), listener::owned, stamp)});
  }
  return made;
}

// ---- routes
// -------------------------------------------------------------------------------------------------------

[[nodiscard]] std::vector<Verdict> judge(const resolve::ParentReport& report) {
  if (report.pending) return {parent::pending(std::string(class_not_accepted))};
  std::vector<Verdict> verdicts{
      report.accepted.empty() ? parent::accepted(with_notes("the route is attached", report.notes))
                              : parent::refused_accepted(report.accepted),
      report.resolved_refs.empty() ? parent::resolved_refs("every reference resolves")
                                   : parent::refused_refs(report.resolved_refs),
  };
  if (!report.dropped.empty()) verdicts.push_back(parent::dropped_rules(report.dropped));
  return verdicts;
}

[[nodiscard]] std::vector<Verdict> judge_policy(const resolve::ParentReport& report) {
  return {
      report.accepted.empty() ? policy::accepted("the policy is in force") : policy::refused_accepted(report.accepted),
      report.resolved_refs.empty() ? policy::resolved_refs("every reference resolves")
                                   : policy::refused_refs(report.resolved_refs)};
}

/// How the entries of a kind are judged, and which conditions of them are ours.
struct EntryRules {
  std::vector<Verdict> (*judge)(const resolve::ParentReport&);
  std::span<const std::string_view> owned;
};

/// Entries of other controllers stay as and where they are; ours keep their place, and go with their parentRef
/// (GEP-1364).
[[nodiscard]] std::vector<api::RouteParentStatus> finish(const resolve::RouteReport& report,
                                                         const std::vector<api::RouteParentStatus>& previous,
                                                         const std::string& controller_name, const EntryRules& rules,
                                                         Stamp stamp) {
  std::vector<api::RouteParentStatus> made;
  std::vector<const resolve::ParentReport*> written;
  const auto write = [&](const resolve::ParentReport& of, const std::vector<api::Condition>& before) {
    made.push_back({.parent_ref = of.ref,
                    .controller_name = controller_name,
                    .conditions = merge_conditions(before, rules.judge(of), rules.owned, stamp)});
    written.push_back(&of);
  };
  const auto is_written = [&written](const api::ParentReference& ref) {
    return std::ranges::any_of(written, [&ref](const resolve::ParentReport* of) { return of->ref == ref; });
  };
  for (const api::RouteParentStatus& entry : previous) {
    if (entry.controller_name != controller_name) {
      made.push_back(entry);
      continue;
    }
    const auto of = std::ranges::find(report.parents, entry.parent_ref, &resolve::ParentReport::ref);
    if (of != report.parents.end() && !is_written(of->ref)) write(*of, entry.conditions);
  }
  for (const resolve::ParentReport& of : report.parents)
    if (!is_written(of.ref)) write(of, {});
  return made;
}

}  // namespace

namespace {

/// Those that are not the same objects as at their place in the report before, which has nearly the same order.
std::vector<const resolve::RouteReport*> changed_routes(const FinishInput& input) {
  static const std::vector<resolve::RouteReportPtr> none;
  const auto& before = input.finished == nullptr ? none : input.finished->routes;
  std::vector<const resolve::RouteReport*> changed;
  auto old = before.begin();
  for (const resolve::RouteReportPtr& report : input.report.routes) {
    while (old != before.end() && *old != report && (*old)->object.key < report->object.key) ++old;
    if (old == before.end() || *old != report) changed.push_back(report.get());
    if (old != before.end() && (*old == report || (*old)->object.key == report->object.key)) ++old;
  }
  return changed;
}

[[nodiscard]] const Lag* find_lag(const FinishInput& input, const api::ObjectKey& gateway) {
  if (input.lags == nullptr) return nullptr;
  const auto found = input.lags->find(gateway);
  return found == input.lags->end() ? nullptr : &found->second;
}

}  // namespace

bool has_status(const api::AnyObject& object, const StatusValue& status) {
  return std::visit(
      [&status](const auto& held) {
        if constexpr (requires { held->status; }) {
          const auto* said = std::get_if<std::remove_cvref_t<decltype(held->status)>>(&status);
          return said != nullptr && *said == held->status;
        } else {
          return false;
        }
      },
      object);
}

Statuses statuses_of(const store::ClusterSnapshot& snapshot) {
  Statuses out;
  const auto add = [&out](const auto& object) {
    out.emplace(api::key_of(object), std::make_shared<const StatusValue>(object.status));
  };
  api::for_each_status_kind([&]<class Object>() {
    for (const auto& object : snapshot.all<Object>()) add(object);
  });
  return out;
}

std::vector<StatusPatch> finish_status(const FinishInput& input) {
  const SocketResults results(input.apply);
  std::vector<StatusPatch> patches;
  const auto finish_one = [&](const auto& report, auto make) {
    const resolve::ObjectId& object = report.object;
    const Stamp stamp{.generation = object.generation, .now = input.now};
    auto status = make(stamp);
    if (status == previous_of<decltype(status)>(input.previous, object.key)) return;
    patches.push_back({object.key, object.uid, object.generation, std::move(status)});
  };
  for (const resolve::ClassReport& report : input.report.classes)
    finish_one(report, [&](Stamp stamp) {
      return finish(report, previous_of<api::GatewayClassStatus>(input.previous, report.object.key), stamp);
    });
  for (const resolve::GatewayReport& report : input.report.gateways) {
    const Lag* const lag = find_lag(input, report.object.key);
    if (lag != nullptr && lag->stage == Lag::Stage::Held) continue;
    finish_one(report, [&](Stamp stamp) {
      return finish(report, previous_of<api::GatewayStatus>(input.previous, report.object.key), results, lag, stamp);
    });
  }
  for (const resolve::RouteReport* report : changed_routes(input))
    finish_one(*report, [&](Stamp stamp) {
      const auto& previous = previous_of<api::RouteStatus>(input.previous, report->object.key).parents;
      return api::RouteStatus{finish(*report, previous, input.report.controller_name, {judge, parent::owned}, stamp)};
    });
  for (const resolve::RouteReportPtr& report : input.report.policies)
    finish_one(*report, [&](Stamp stamp) {
      const auto& previous = previous_of<api::PolicyStatus>(input.previous, report->object.key).ancestors;
      return api::PolicyStatus{
          finish(*report, previous, input.report.controller_name, {judge_policy, policy::owned}, stamp)};
    });
  std::ranges::sort(patches, {}, &StatusPatch::key);
  return patches;
}

std::vector<StatusPatch> finish_status(const resolve::StatusReport& report, const runtime::ApplyReport& apply,
                                       const Statuses& previous, Wall now) {
  return finish_status({.report = report, .apply = apply, .previous = previous, .now = now});
}

}  // namespace pintle::status
