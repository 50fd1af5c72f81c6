// The replicas of a release among themselves (docs/decisions/0006): each tells by a Lease what it serves and follows
// the Leases of the others, so that whichever leads can say Programmed of what all of them serve.
//  - guarantees: what is served here is told as soon as it is compared; a Gateway that another ready pod does not serve
//    is held for `patience` from when that began, and told after; a pod that is not ready is not waited for.
//  - leaves to others: statuses (finish), who leads (leader).
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"
#include "controller/reconcile/replica_lease.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/status/finish.hpp"
#include "controller/store/store.hpp"

namespace pintle::reconcile {

class Peers {
 public:
  struct Settings {
    ReplicaLease::Settings own;
    Millis patience{2000};
  };
  struct Ports {
    kube::Api& api;
    kube::Clock& clock;
    std::function<void()> on_news;  ///< compare() would answer something else
  };
  Peers(boost::asio::io_context& io, Settings settings, Ports ports);
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// Of a report and what became of it here.
  [[nodiscard]] status::Lags compare(const store::ClusterSnapshot& snapshot, const resolve::StatusReport& report,
                                     const runtime::ApplyReport& apply);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pintle::reconcile
