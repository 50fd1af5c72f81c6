// The one call from the controller into the data plane. Implemented by worker/worker_pool; a test may implement it too.
#pragma once
#include <functional>

#include <pintle/runtime/apply_report.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::runtime {

class Publisher {
 public:
  virtual ~Publisher() = default;
  /// Control thread. Binds new sockets, swaps the pointer on every worker, closes sockets that left the plan, then
  /// calls `done` once, on the control thread. Calls may overlap; generations arrive at each worker in order.
  virtual void publish(CompiledPtr compiled, std::function<void(const ApplyReport&)> done) = 0;
};

}  // namespace pintle::runtime
