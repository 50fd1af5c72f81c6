// A status sink that also makes Events of what changes. Control thread.
#pragma once
#include "controller/reconcile/event_writer.hpp"
#include "controller/status/sink.hpp"

namespace pintle::app {

class TellingSink final : public status::StatusSink {
 public:
  TellingSink(status::StatusSink& into, reconcile::EventWriter& events) : into_(into), events_(events) {}

  std::vector<Error> write(std::span<const status::StatusPatch> patches) override {
    events_.tell(patches, *into_.shared_statuses());
    return into_.write(patches);
  }
  [[nodiscard]] const status::Statuses& previous(const store::ClusterSnapshot& snapshot) override {
    return into_.previous(snapshot);
  }
  [[nodiscard]] std::shared_ptr<const status::Statuses> shared_statuses() const override {
    return into_.shared_statuses();
  }

 private:
  status::StatusSink& into_;
  reconcile::EventWriter& events_;
};

}  // namespace pintle::app
