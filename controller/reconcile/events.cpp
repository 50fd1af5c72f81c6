#include "controller/reconcile/events.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <pintle/base/stable_hash.hpp>

#include "controller/kube/resource.hpp"
#include "controller/resolve/service_names.hpp"
#include "controller/status/conditions.hpp"

namespace pintle::reconcile {
namespace {

using nlohmann::json;
using Conditions = std::vector<api::Condition>;

/// A condition that becomes this is an event.
struct Rule {
  std::string_view type;
  api::ConditionStatus status;
  std::string_view condition_reason;  ///< empty: any
  EventType kind;
  std::string_view reason;
};
constexpr std::array rules{
    Rule{status::type::Programmed, api::ConditionStatus::True, {}, EventType::Normal, event_reason::programmed},
    Rule{status::type::Conflicted, api::ConditionStatus::True, {}, EventType::Warning, event_reason::conflict},
    Rule{status::type::ResolvedRefs, api::ConditionStatus::False, "RefNotPermitted", EventType::Warning,
         event_reason::ref_not_permitted},
    Rule{status::type::ResolvedRefs, api::ConditionStatus::False, "BackendNotFound", EventType::Warning,
         event_reason::backend_unavailable},
    Rule{status::type::ResolvedRefs, api::ConditionStatus::False, "InvalidCertificateRef", EventType::Warning,
         event_reason::certificate_invalid},
};

bool meets(const Rule& rule, const api::Condition& condition) {
  return condition.type == rule.type && condition.status == rule.status &&
         (rule.condition_reason.empty() || condition.reason == rule.condition_reason);
}

/// What is said of one object.
class Derivation {
 public:
  Derivation(const status::StatusPatch& patch, std::vector<Event>& events) : patch_(patch), events_(events) {}

  void compare(const Conditions& before, const Conditions& now, const std::string& where) {
    for (const api::Condition& condition : now)
      for (const Rule& rule : rules) {
        const auto old = std::ranges::find(before, condition.type, &api::Condition::type);
        const bool held = old != before.end() && meets(rule, *old) && old->message == condition.message;
        // A Gateway that stays programmed is no news, whatever the message says now.
        const bool lasts = old != before.end() && meets(rule, *old) && rule.kind == EventType::Normal;
        if (meets(rule, condition) && !held && !lasts)
          events_.push_back({.object = patch_.key,
                             .uid = patch_.uid,
                             .type = rule.kind,
                             .reason = rule.reason,
                             .note = where + condition.message});
      }
  }

  void operator()(const api::GatewayClassStatus&, const api::GatewayClassStatus&) {}
  void operator()(const api::GatewayStatus& before, const api::GatewayStatus& now) {
    compare_with_listeners(before, now);
  }
  void operator()(const api::ListenerSetStatus& before, const api::ListenerSetStatus& now) {
    compare_with_listeners(before, now);
  }
  template <class Status>
  void compare_with_listeners(const Status& before, const Status& now) {
    compare(before.conditions, now.conditions, {});
    for (const api::ListenerStatus& listener : now.listeners) {
      const auto old = std::ranges::find(before.listeners, listener.name, &api::ListenerStatus::name);
      Conditions said = listener.conditions;
      // That a listener is reachable is told of what it belongs to.
      std::erase_if(said, [](const api::Condition& one) { return one.type == status::type::Programmed; });
      compare(old == before.listeners.end() ? Conditions{} : old->conditions, said,
              fmt::format("listener {}: ", listener.name));
    }
  }
  void operator()(const api::RouteStatus& before, const api::RouteStatus& now) {
    compare_entries(before.parents, now.parents);
  }
  void operator()(const api::PolicyStatus& before, const api::PolicyStatus& now) {
    compare_entries(before.ancestors, now.ancestors);
  }
  void compare_entries(const SharedList<api::RouteParentStatus>& before,
                       const SharedList<api::RouteParentStatus>& now) {
    for (const api::RouteParentStatus& entry : now) {
      const auto old = std::ranges::find_if(before, [&entry](const api::RouteParentStatus& one) {
        return one.controller_name == entry.controller_name && one.parent_ref == entry.parent_ref;
      });
      compare(old == before.end() ? Conditions{} : old->conditions, entry.conditions, {});
    }
  }

 private:
  const status::StatusPatch& patch_;
  std::vector<Event>& events_;
};

constexpr std::size_t longest_note = 1024;  // of an Event

std::string cut(std::string text) {
  if (text.size() <= longest_note) return text;
  std::size_t end = longest_note - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;  // whole characters
  return text.substr(0, end) + "...";
}

std::string namespace_of(const Event& event) { return event.object.ns.empty() ? "default" : event.object.ns; }

}  // namespace

std::vector<Event> derive_events(std::span<const status::StatusPatch> patches, const status::Statuses& previous) {
  std::vector<Event> events;
  for (const status::StatusPatch& patch : patches)
    std::visit(
        [&](const auto& now) {
          using Status = std::remove_cvref_t<decltype(now)>;
          static const Status none;
          const auto found = previous.find(patch.key);
          const Status* before = found == previous.end() ? nullptr : std::get_if<Status>(found->second.get());
          Derivation derivation(patch, events);
          derivation(before == nullptr ? none : *before, now);
        },
        *patch.status);
  // A route that names one backend under three parents says it once.
  std::ranges::sort(events);
  const auto rest = std::ranges::unique(events);
  events.erase(rest.begin(), rest.end());
  return events;
}

bool EventLimits::take_token(const api::ObjectKey& object, Monotonic now) {
  const auto [found, fresh] = buckets_.try_emplace(object, Bucket{static_cast<double>(settings_.burst), now});
  Bucket& bucket = found->second;
  const std::chrono::duration<double> since = now - bucket.filled;
  bucket.tokens = std::min<double>(settings_.burst, bucket.tokens + since / settings_.refill);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void EventLimits::forget(Monotonic now) {
  std::erase_if(series_, [&](const auto& one) { return now - one.second.last > settings_.series; });
  std::erase_if(buckets_,
                [&](const auto& one) { return now - one.second.filled > settings_.refill * settings_.burst; });
}

std::vector<EventWrite> EventLimits::admit(std::span<const Event> events, Monotonic now) {
  forget(now);
  std::vector<EventWrite> writes;
  for (const Event& event : events) {
    const auto known = series_.find(event);
    if (known != series_.end()) {
      ++known->second.count;
      known->second.last = now;
    }
    if (!take_token(event.object, now)) continue;
    if (known == series_.end()) {
      const std::uint64_t hash = stable_hash(fmt::format("{}/{}/{}/{}/{}", event.uid, event.reason, event.note,
                                                         now.time_since_epoch().count(), ++number_));
      // As everybody names them; a name of 253 characters leaves no room.
      const std::string name = fmt::format("{}.{:016x}", event.object.name.substr(0, 200), hash);
      series_.emplace(event, Series{.name = name, .count = 1, .last = now});
      writes.push_back({.event = event, .name = name, .count = 1});
    } else {
      writes.push_back({.event = event, .name = known->second.name, .count = known->second.count});
    }
  }
  return writes;
}

std::string event_path(const EventWrite& write) {
  const std::string events = fmt::format("/apis/events.k8s.io/v1/namespaces/{}/events", namespace_of(write.event));
  return write.count == 1 ? events : fmt::format("{}/{}", events, kube::escape(write.name));
}

std::string event_text(const EventWrite& write, const Reporter& reporter, const Now& now) {
  const std::string time = format_micro_time(now.wall);
  constexpr auto replace = json::error_handler_t::replace;
  if (write.count > 1)
    return json{{"series", {{"count", write.count}, {"lastObservedTime", time}}}}.dump(-1, ' ', false, replace);
  const api::ObjectKey& object = write.event.object;
  json regarding{{"apiVersion", api::api_version_of(object.kind)},
                 {"kind", api::to_string(object.kind)},
                 {"name", object.name},
                 {"uid", write.event.uid}};
  if (!object.ns.empty()) regarding["namespace"] = object.ns;
  return json{{"apiVersion", "events.k8s.io/v1"},
              {"kind", "Event"},
              {"metadata", {{"name", write.name}, {"namespace", namespace_of(write.event)}}},
              {"eventTime", time},
              {"reportingController", reporter.controller},
              {"reportingInstance", reporter.instance},
              {"action", "Reconcile"},
              {"reason", write.event.reason},
              {"regarding", regarding},
              {"note", cut(write.event.note)},
              {"type", write.event.type == EventType::Normal ? "Normal" : "Warning"}}
      .dump(-1, ' ', false, replace);
}

}  // namespace pintle::reconcile
