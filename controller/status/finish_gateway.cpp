#include "controller/status/finish_gateway.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/status/conditions.hpp"

namespace pintle::status {
namespace {

using Listeners = std::vector<resolve::ListenerReport>;

/// Names of the listeners for which the problems are not empty.
[[nodiscard]] std::vector<std::string_view> names_with(const Listeners& listeners,
                                                       resolve::Problems resolve::ListenerReport::* problems) {
  std::vector<std::string_view> names;
  for (const resolve::ListenerReport& listener : listeners)
    if (!(listener.*problems).empty()) names.push_back(listener.name);
  return names;
}

[[nodiscard]] std::string show(std::string_view what, const std::vector<std::string_view>& listeners) {
  return fmt::format("{}: listener{} {}", what, listeners.size() == 1 ? "" : "s", fmt::join(listeners, ", "));
}

[[nodiscard]] Verdict judge_accepted(const resolve::GatewayReport& report) {
  if (!report.accepted.empty()) return gateway::refused_accepted(report.accepted);
  const auto bad = names_with(report.listeners, &resolve::ListenerReport::accepted);
  if (bad.empty()) return gateway::accepted(with_notes("the Gateway is accepted", report.notes));
  std::string message = show("not accepted", bad);
  return bad.size() == report.listeners.size()
             ? gateway::listeners_not_valid(std::move(message))
             : gateway::accepted_in_part(with_notes(std::move(message), report.notes));
}

[[nodiscard]] Verdict judge_resolved(const resolve::GatewayReport& report) {
  if (!report.resolved_refs.empty()) return gateway::refused_refs(report.resolved_refs);
  const auto bad = names_with(report.listeners, &resolve::ListenerReport::resolved_refs);
  return bad.empty() ? gateway::resolved_refs("every reference resolves")
                     : gateway::listeners_not_resolved(show("references do not resolve", bad));
}

/// Of a set: its accepted listeners may serve nothing all the same.
[[nodiscard]] Verdict judge_accepted(const resolve::ListenerSetReport& set) {
  if (!set.accepted.empty()) return listener_set::refused_accepted(set.accepted);
  std::vector<std::string_view> bad;
  for (const resolve::ListenerReport& listener : set.listeners)
    if (!listener.valid) bad.push_back(listener.name);
  return bad.empty() ? listener_set::accepted("the Gateway has the listeners")
                     : listener_set::accepted_in_part(show("not served", bad));
}

}  // namespace

std::string with_notes(std::string message, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) message += "; " + note;
  return message;
}

/// What is served here is Programmed only when every ready replica serves it (docs/decisions/0006).
Verdict GatewayFinish::unless_behind(Verdict verdict, Verdict (*pending)(std::string)) const {
  if (lag_ == nullptr || verdict.status != api::ConditionStatus::True) return verdict;
  return pending(fmt::format("served by {} of {} replicas", lag_->serving, lag_->replicas));
}

std::vector<Verdict> GatewayFinish::judge(const resolve::ListenerReport& report,
                                          const resolve::ListenerSetReport* set) const {
  if (report_.standing == resolve::Standing::ClassPending)
    return {listener::pending(std::string(class_not_accepted)),
            listener::programmed_unknown(std::string(class_not_accepted))};
  Verdict programmed = unless_behind(judge_programmed(report_, report, results_), listener::programmed_pending);
  if (set != nullptr && report.conflict)
    programmed = listener::refused_programmed(*report.conflict);
  else if (set != nullptr && report.valid && !set->accepted.empty())
    programmed = listener::programmed_invalid("the ListenerSet is not accepted");
  std::vector<Verdict> verdicts{
      report.accepted.empty() ? listener::accepted(with_notes("the listener is accepted", report.notes))
                              : listener::refused_accepted(report.accepted),
      std::move(programmed),
      report.resolved_refs.empty() ? listener::resolved_refs("every reference resolves")
                                   : listener::refused_refs(report.resolved_refs),
      report.conflict ? listener::conflicted(*report.conflict)
                      : listener::no_conflicts("no other listener of the port stands in its way"),
  };
  if (report.overlap) verdicts.push_back(listener::overlapping(*report.overlap));
  return verdicts;
}

std::vector<Verdict> GatewayFinish::judge() const {
  if (report_.standing == resolve::Standing::ClassPending)
    return {gateway::pending(std::string(class_not_accepted)),
            gateway::programmed_unknown(std::string(class_not_accepted))};
  Verdict accepted = judge_accepted(report_);
  Verdict programmed = accepted.status == api::ConditionStatus::True
                           ? unless_behind(judge_programmed(report_, results_), gateway::programmed_pending)
                           : gateway::programmed_invalid("the Gateway is not accepted");
  std::vector<Verdict> verdicts{std::move(accepted), std::move(programmed), judge_resolved(report_)};
  if (!report_.insecure_validation.empty())
    verdicts.push_back(gateway::insecure_frontend_validation(report_.insecure_validation));
  return verdicts;
}

/// Of a set that is accepted: all of its listeners that are valid have to be programmed.
Verdict GatewayFinish::judge_programmed_of(const resolve::ListenerSetReport& set) const {
  const Verdict parent = judge_programmed(report_, results_);
  if (parent.status != api::ConditionStatus::True)
    return parent.reason == gateway::programmed_pending({}).reason
               ? listener_set::programmed_unknown(parent.message)
               : listener_set::parent_not_programmed("the Gateway is not programmed");
  std::vector<std::string_view> serving;
  std::string faults;
  for (const resolve::ListenerReport& one : set.listeners) {
    if (!one.valid) continue;
    const Verdict verdict = judge_programmed(report_, one, results_);
    if (verdict.status == api::ConditionStatus::True) {
      serving.push_back(one.name);
      continue;
    }
    const std::string message = fmt::format("listener {}: {}", one.name, verdict.message);
    if (verdict.reason == listener::programmed_pending({}).reason) return listener_set::programmed_unknown(message);
    faults += (faults.empty() ? "" : "; ") + message;
  }
  if (serving.empty()) return listener_set::port_not_bound(std::move(faults));
  std::string message = show("served", serving);
  if (!faults.empty()) message += "; but " + faults;
  return unless_behind(listener_set::programmed(std::move(message)), listener_set::programmed_unknown);
}

std::vector<Verdict> GatewayFinish::judge(const resolve::ListenerSetReport& set) const {
  if (report_.standing == resolve::Standing::ClassPending)
    return {listener_set::pending(std::string(class_not_accepted)),
            listener_set::programmed_unknown(std::string(class_not_accepted))};
  Verdict accepted = judge_accepted(set);
  if (accepted.status == api::ConditionStatus::True) {
    Verdict programmed = judge_programmed_of(set);
    return {std::move(accepted), std::move(programmed)};
  }
  const std::string_view why = accepted.reason;
  const auto make = why == listener_set::not_allowed({}).reason           ? listener_set::programmed_not_allowed
                    : why == listener_set::listeners_not_valid({}).reason ? listener_set::programmed_not_valid
                                                                          : listener_set::parent_not_programmed;
  Verdict programmed = make(accepted.message);
  return {std::move(accepted), std::move(programmed)};
}

std::vector<api::ListenerStatus> GatewayFinish::finish_listeners(const Listeners& listeners,
                                                                 const resolve::ListenerSetReport* set,
                                                                 const std::vector<api::ListenerStatus>& previous,
                                                                 Stamp stamp) const {
  static const std::vector<api::Condition> none;
  std::vector<api::ListenerStatus> made;
  made.reserve(listeners.size());
  for (const resolve::ListenerReport& listener : listeners) {
    const auto before = std::ranges::find(previous, listener.name, &api::ListenerStatus::name);
    made.push_back({.name = listener.name,
                    .supported_kinds = listener.supported_kinds,
                    .attached_routes = listener.attached_routes,
                    .conditions = merge_conditions(before == previous.end() ? none : before->conditions,
                                                   judge(listener, set), listener::owned, stamp)});
  }
  return made;
}

api::GatewayStatus GatewayFinish::finish(const api::GatewayStatus& previous, Stamp stamp) const {
  api::GatewayStatus made;
  // Never an empty list while traffic flows: until the workers have answered, what was known stays.
  made.addresses = results_.apply().complete() ? bound_addresses(report_, results_) : previous.addresses;
  made.conditions = merge_conditions(previous.conditions, judge(), gateway::owned, stamp);
  made.attached_listener_sets = report_.attached_sets;
  if (!made.attached_listener_sets && previous.attached_listener_sets) made.attached_listener_sets = 0;
  made.listeners = finish_listeners(report_.listeners, nullptr, previous.listeners, stamp);
  return made;
}

api::ListenerSetStatus GatewayFinish::finish(const resolve::ListenerSetReport& set,
                                             const api::ListenerSetStatus& previous, Stamp stamp) const {
  return {.conditions = merge_conditions(previous.conditions, judge(set), listener_set::owned, stamp),
          .listeners = finish_listeners(set.listeners, &set, previous.listeners, stamp)};
}

}  // namespace pintle::status
