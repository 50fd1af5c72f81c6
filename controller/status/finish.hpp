// From what was found and what became of it to the statuses to write.
//  - guarantees: pure; lastTransitionTime moves only when a condition's status does; conditions and parents
//    of others stay as they are and where they are; a condition of ours with a newer observedGeneration than ours is
//    left alone; no patch for an object whose status would not change; patches in the order of their keys.
//  - leaves to others: writing (sink), deciding when. Give it a complete ApplyReport: with an incomplete one whatever
//    would be Programmed is Pending.
//  - threads: any.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/runtime/apply_report.hpp>

#include "controller/api/status.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::status {

using StatusValue = std::variant<api::GatewayClassStatus, api::GatewayStatus, api::ListenerSetStatus, api::RouteStatus,
                                 api::PolicyStatus>;
/// Never null, never changed: many objects have equal statuses and share them.
using StatusPtr = std::shared_ptr<const StatusValue>;
using Statuses = std::map<api::ObjectKey, StatusPtr>;

struct StatusPatch {
  api::ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;  ///< of the spec that was judged
  StatusPtr status;             ///< the whole status; patches that say the same share it
  friend bool operator==(const StatusPatch& a, const StatusPatch& b) {
    return a.key == b.key && a.uid == b.uid && a.generation == b.generation && *a.status == *b.status;
  }
};

/// Whether the object carries that status. False for kinds without one.
[[nodiscard]] bool has_status(const api::AnyObject& object, const StatusValue& status);
/// The statuses the objects of a snapshot carry.
[[nodiscard]] Statuses statuses_of(const store::ClusterSnapshot& snapshot);

/// A Gateway or ListenerSet that is served here, but by other ready replicas not yet as it is now.
struct Lag {
  enum class Stage : std::uint8_t {
    Held,  ///< for so short a time that nothing is said: what stands there is true of the generation it names
    Told
  };
  Stage stage = Stage::Held;
  std::size_t serving = 0;   ///< replicas, this one counted
  std::size_t replicas = 0;  ///< that are ready, this one counted
};
using Lags = std::map<api::ObjectKey, Lag>;

struct FinishInput {
  const resolve::StatusReport& report;
  const runtime::ApplyReport& apply;
  const Statuses& previous;
  Wall now;
  /// The report that `previous` was finished from, if known: a route whose report is the same object has its status,
  /// and a ListenerSet of a Gateway in it that is gone now is told so.
  const resolve::StatusReport* finished = nullptr;
  const Lags* lags = nullptr;  ///< by Gateway and ListenerSet; nullptr: there are none
};
[[nodiscard]] std::vector<StatusPatch> finish_status(const FinishInput& input);
[[nodiscard]] std::vector<StatusPatch> finish_status(const resolve::StatusReport& report,
                                                     const runtime::ApplyReport& apply, const Statuses& previous,
                                                     Wall now);

}  // namespace pintle::status
