// The Lease by which a replica tells what it serves (docs/decisions/0006). Every replica writes its own and no other,
// so this needs no leadership.
//  - guarantees: one request at a time, the newest marks in place of those that wait; nothing is sent that was sent
//    before; after a failure it is tried again.
//  - threads: the control thread.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/api.hpp"
#include "controller/reconcile/replicas.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::reconcile {

/// Label of the Leases of all replicas of a release, by which they are watched.
inline constexpr std::string_view replica_label = "pintle.dev/replica-of";

class ReplicaLease {
 public:
  struct Settings {
    std::string ns;
    std::string release;  ///< the Service that leads to its pods
    std::string pod;
    std::string pod_uid;  ///< of the owner: the Lease goes with the pod
    Millis pace{100};     ///< between two writes
    Millis retry{2000};
  };
  ReplicaLease(boost::asio::io_context& io, Settings settings, kube::Api& api);
  ~ReplicaLease();
  ReplicaLease(const ReplicaLease&) = delete;
  ReplicaLease& operator=(const ReplicaLease&) = delete;

  void tell(const std::set<Mark>& marks);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The Leases of a namespace.
[[nodiscard]] std::string leases_path(std::string_view ns);

/// Of one such Lease, as JSON; a pod without name if it is none.
[[nodiscard]] Replica read_replica(std::string_view lease);

}  // namespace pintle::reconcile
