// Statuses into the API server.
//  - guarantees: written only while we lead; at most one write of an object under way, the newest status replaces one
//    that waits; every write says of which version of the object it was made (req 74), so it never covers what it has
//    not seen: after a conflict the object is read, our entries are put among those of others, which stay byte for
//    byte, and that is written; nothing is written that is there already; a status of a newer generation stays.
//  - an object that is gone, or was made anew, gets nothing; what the API server refuses as invalid is told once.
//  - threads: the control thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "controller/kube/api.hpp"
#include "controller/kube/authority.hpp"
#include "controller/kube/write_queue.hpp"
#include "controller/status/sink.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::status {

class KubeStatusSink final : public StatusSink {
 public:
  struct Ports {
    kube::Api& api;
    const kube::Authority& authority;
    std::string controller_name;
  };
  KubeStatusSink(boost::asio::io_context& io, Ports ports, kube::WriteQueue::Settings settings = {});
  ~KubeStatusSink() override;

  /// Begins to write them. The errors are those met since the last call.
  std::vector<Error> write(std::span<const StatusPatch> patches) override;
  /// What finish_status takes as `previous`: the statuses of the objects, or what is on its way to those the watch has
  /// brought no news of. Call it with the snapshot before write(): patches are of that.
  [[nodiscard]] const Statuses& previous(const store::ClusterSnapshot& snapshot) override;
  /// The same with what was written since.
  [[nodiscard]] std::shared_ptr<const Statuses> shared_statuses() const override;
  /// Nothing waits and nothing is under way.
  [[nodiscard]] bool idle() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::status
