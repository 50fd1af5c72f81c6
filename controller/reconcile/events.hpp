// What happened to an object, for `kubectl describe`: Events of events.k8s.io/v1, derived from how its status changed.
//  - guarantees: only a change makes an event, not a state that lasts; of one object at most `burst` at once and then
//  one
//    a minute; the same again is counted in a series, not written anew.
//  - leaves to others: sending. Events are hints: one that cannot be written is lost, and no status waits for it.
#pragma once
#include <chrono>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controller/reconcile/election.hpp"
#include "controller/status/finish.hpp"

namespace pintle::reconcile {

namespace event_reason {
inline constexpr std::string_view programmed = "Programmed";                   ///< a Gateway became reachable
inline constexpr std::string_view conflict = "Conflict";                       ///< a listener stands in another's way
inline constexpr std::string_view ref_not_permitted = "RefNotPermitted";       ///< a reference lacks its grant
inline constexpr std::string_view backend_unavailable = "BackendUnavailable";  ///< a backend is not there
inline constexpr std::string_view certificate_invalid = "CertificateInvalid";  ///< a certificate cannot be served
}  // namespace event_reason

enum class EventType : std::uint8_t { Normal, Warning };

struct Event {
  api::ObjectKey object;
  std::string uid;
  EventType type = EventType::Normal;
  std::string_view reason;  ///< static storage
  std::string note;
  friend auto operator<=>(const Event&, const Event&) = default;
};

/// Of the patches, against what the objects said before; each once, sorted. Pure.
[[nodiscard]] std::vector<Event> derive_events(std::span<const status::StatusPatch> patches,
                                               const status::Statuses& previous);

/// An event to write: a new object, or the count of a series that goes on.
struct EventWrite {
  Event event;
  std::string name;        ///< of the Event object
  std::int32_t count = 1;  ///< 1: create it; more: patch the count in
};

/// How often an object is heard.
class EventLimits {
 public:
  struct Settings {
    int burst = 5;
    std::chrono::seconds refill{60};
    std::chrono::minutes series{10};  ///< how long the same counts as the same
  };
  EventLimits() = default;
  explicit EventLimits(Settings settings) : settings_(settings) {}

  /// Those that may be written now.
  [[nodiscard]] std::vector<EventWrite> admit(std::span<const Event> events, Monotonic now);

 private:
  struct Bucket {
    double tokens = 0;
    Monotonic filled;
  };
  struct Series {
    std::string name;
    std::int32_t count = 1;
    Monotonic last;
  };
  [[nodiscard]] bool take_token(const api::ObjectKey& object, Monotonic now);
  void forget(Monotonic now);

  Settings settings_;
  std::map<api::ObjectKey, Bucket> buckets_;
  std::map<Event, Series> series_;
  std::uint64_t number_ = 0;
};

struct Reporter {
  std::string controller;  ///< "pintle.dev/gateway-controller"
  std::string instance;    ///< the pod
};
/// Events about objects without namespace stand in "default", as everybody's.
[[nodiscard]] std::string event_path(const EventWrite& write);
/// The body of its POST, or of the merge patch that counts it.
[[nodiscard]] std::string event_text(const EventWrite& write, const Reporter& reporter, const Now& now);

}  // namespace pintle::reconcile
