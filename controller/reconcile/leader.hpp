// The election carried out: requests, timers, and the answer to who may write.
//  - guarantees: is_leader() is false from the moment the lease can no longer be trusted, by the clock, before any
//  event
//    says so; a write of the lease carries the resourceVersion it was computed from; release() gives the lease back.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "controller/kube/api.hpp"
#include "controller/kube/authority.hpp"
#include "controller/reconcile/election.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::reconcile {

enum class Leadership : std::uint8_t { Standby, Leading };

class LeaderElector final : public kube::Authority {
 public:
  struct Settings {
    ElectionSettings election;
    std::string ns;
    std::string name;
    std::function<Now()> clock;  ///< empty: the system's
  };
  struct Ports {
    kube::Api& api;
    std::function<void(Leadership)> on_change;
    std::function<void(const std::string&)> on_failure;  ///< for the log: the lease cannot be read or written
  };
  LeaderElector(boost::asio::io_context& io, Settings settings, Ports ports);
  ~LeaderElector() override;

  void start();
  /// Ends it: from now on nobody here leads. `done` when the lease is given back, or cannot be.
  void release(std::function<void()> done);
  [[nodiscard]] bool is_leader() const noexcept override;
  /// Who holds the lease; empty if nobody does or nothing is known.
  [[nodiscard]] const std::string& holder() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// "pintle-7d9f-x2_4c1e09a350b2d717": the pod, and what tells two runs in it apart.
[[nodiscard]] std::string make_identity(std::string_view pod_name);

}  // namespace pintle::reconcile
