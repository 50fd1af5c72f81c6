// Carries plans out.
//  - guarantees: nothing is written unless we lead; one write of an object at a time; the newest plan replaces what has
//    not begun; what a write was refused for is known by its Gateway until a plan no longer asks for it.
//  - a write that lost a race (409, 404, an object that exists already) is not repeated: the watch brings what won, and
//    the next plan is made from that. `replan` asks for it in case the watch had brought it before.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "controller/infra/action.hpp"
#include "controller/kube/api.hpp"
#include "controller/kube/authority.hpp"
#include "controller/kube/write_queue.hpp"
#include "controller/resolve/status_report.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::infra {

class InfraWriter {
 public:
  struct Ports {
    kube::Api& api;
    const kube::Authority& authority;
    std::function<void()> replan;                        ///< make a plan from the present snapshot and apply() it
    std::function<void(const std::string&)> on_failure;  ///< for the log
    std::function<void()> on_problems;                   ///< problems() are others than before: statuses say so
  };
  struct Settings {
    kube::WriteQueue::Settings queue;
    /// How long the watch is given to bring what a write made, before its absence is a reason to look again.
    Millis echo{2000};
  };
  InfraWriter(boost::asio::io_context& io, Ports ports, Settings settings);
  ~InfraWriter();
  InfraWriter(const InfraWriter&) = delete;
  InfraWriter& operator=(const InfraWriter&) = delete;

  /// The whole of what is to be done. Without leadership everything is dropped, what is under way included.
  void apply(const std::vector<Action>& actions);
  /// Of the writes that were refused, by Gateway: see tell_problems().
  [[nodiscard]] const std::map<api::ObjectKey, resolve::Problems>& problems() const noexcept;
  [[nodiscard]] bool idle() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The request that does it.
[[nodiscard]] kube::Request request_of(const Action& action);

}  // namespace pintle::infra
