#include "controller/status/finish.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "controller/status/binding.hpp"
#include "controller/status/conditions.hpp"
#include "controller/status/finish_gateway.hpp"
#include "controller/status/merge.hpp"

namespace pintle::status {
namespace {

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
      report.unsupported_version.empty() ? gateway_class::supported_version(report.installed)
                                         : gateway_class::unsupported_version(report.unsupported_version),
  };
  return {.conditions = merge_conditions(previous.conditions, verdicts, gateway_class::owned, stamp),
          .supported_features = report.supported_features};
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
                                                         const SharedList<api::RouteParentStatus>& previous,
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

/// The status of the set is ours: it was one of a Gateway of ours.
[[nodiscard]] bool was_ours(const FinishInput& input, const resolve::ObjectId& set) {
  return input.finished != nullptr && std::ranges::any_of(input.finished->gateways, [&](const auto& gateway) {
           return std::ranges::any_of(gateway.sets, [&](const resolve::ListenerSetReport& one) {
             return one.object.key == set.key && one.object.uid == set.uid;
           });
         });
}

[[nodiscard]] const Lag* find_lag(const FinishInput& input, const api::ObjectKey& object) {
  if (input.lags == nullptr) return nullptr;
  const auto found = input.lags->find(object);
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
  StatusPtr last;  // thousands of routes say the same of one parent
  const auto finish_one = [&](const auto& report, auto make) {
    const resolve::ObjectId& object = report.object;
    const Stamp stamp{.generation = object.generation, .now = input.now};
    auto status = make(stamp);
    using Status = decltype(status);
    if (status == previous_of<Status>(input.previous, object.key)) return;
    const Status* const before = last ? std::get_if<Status>(last.get()) : nullptr;
    if (before == nullptr || *before != status) last = std::make_shared<const StatusValue>(std::move(status));
    patches.push_back({object.key, object.uid, object.generation, last});
  };
  const auto finish_unless_held = [&](const auto& report, auto make) {
    const Lag* const lag = find_lag(input, report.object.key);
    if (lag == nullptr || lag->stage != Lag::Stage::Held)
      finish_one(report, [&](Stamp stamp) { return make(lag, stamp); });
  };
  for (const resolve::ClassReport& report : input.report.classes)
    finish_one(report, [&](Stamp stamp) {
      return finish(report, previous_of<api::GatewayClassStatus>(input.previous, report.object.key), stamp);
    });
  for (const resolve::GatewayReport& report : input.report.gateways) {
    finish_unless_held(report, [&](const Lag* lag, Stamp stamp) {
      return GatewayFinish{report, results, lag}.finish(
          previous_of<api::GatewayStatus>(input.previous, report.object.key), stamp);
    });
    for (const resolve::ListenerSetReport& set : report.sets)
      finish_unless_held(set, [&](const Lag* lag, Stamp stamp) {
        return GatewayFinish{report, results, lag}.finish(
            set, previous_of<api::ListenerSetStatus>(input.previous, set.object.key), stamp);
      });
  }
  static const resolve::GatewayReport nowhere;
  for (const resolve::ListenerSetReport& orphan : input.report.orphans)
    if (was_ours(input, orphan.object))
      finish_one(orphan, [&](Stamp stamp) {
        return GatewayFinish{nowhere, results, nullptr}.finish(
            orphan, previous_of<api::ListenerSetStatus>(input.previous, orphan.object.key), stamp);
      });
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
