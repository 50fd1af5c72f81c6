// What each replica serves, told by the annotation of a Lease of its own (docs/decisions/0006), and how many serve a
// Gateway. Pure.
#pragma once
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/runtime/apply_report.hpp>

#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::reconcile {

inline constexpr std::string_view served_annotation = "pintle.dev/served-gateways";

/// Of one Gateway, or of one ListenerSet at its Gateway, as one replica serves it: uids, generation, the ports that are
/// bound for it. Two replicas that serve the same have the same mark. A set is no part of its Gateway's: what somebody
/// does to his set is not to delay the Gateway.
using Mark = std::uint64_t;

/// Of the Gateway, if all sockets of its own listeners could be bound here; 0 if not.
[[nodiscard]] Mark mark_of(const resolve::GatewayReport& gateway, const runtime::ApplyReport& apply);
/// Of a set that is accepted, if all its sockets could be bound here; 0 if not.
[[nodiscard]] Mark mark_of(const resolve::GatewayReport& gateway, const resolve::ListenerSetReport& set,
                           const runtime::ApplyReport& apply);
/// Of all Gateways and sets that have one.
[[nodiscard]] std::set<Mark> served_marks(const resolve::StatusReport& report, const runtime::ApplyReport& apply);

/// Sixteen hex digits each, a space between.
[[nodiscard]] std::string write_marks(const std::set<Mark>& marks);
/// What is no mark is left out.
[[nodiscard]] std::set<Mark> read_marks(std::string_view text);

struct Replica {
  std::string pod;
  std::set<Mark> marks;
  friend bool operator==(const Replica&, const Replica&) = default;
};
struct ReplicaCount {
  std::size_t ready = 0;
  std::size_t serving = 0;  ///< of those
  [[nodiscard]] bool complete() const noexcept { return serving == ready; }
};
/// Names of the pods that a Service of the release leads to: those which are ready and stay.
[[nodiscard]] std::vector<std::string> ready_pods(const store::ClusterSnapshot& snapshot, std::string_view ns,
                                                  std::string_view service);
/// Of the pods that are ready, the own left out: it knows.
[[nodiscard]] ReplicaCount count_serving(Mark mark, std::span<const Replica> replicas,
                                         std::span<const std::string> other_ready_pods);

}  // namespace pintle::reconcile
