// What the admin address answers, made from the generation served. Control thread, like the admin server itself.
#pragma once
#include <functional>
#include <string>

#include "controller/reconcile/reconciler.hpp"
#include "dataplane/observe/exposition.hpp"
#include "src/admin/admin.hpp"

namespace pintle::app {

/// Numbers of the control thread that live over generations; the rest of ControlMetrics is read when asked for.
void count_served(observe::ControlMetrics& metrics, const reconcile::Served& served);

struct AdminView {
  std::function<const reconcile::Served*()> served;     ///< nullptr before the first generation
  std::function<std::vector<api::Finding>()> findings;  ///< those that hold now
  std::function<bool()> is_draining;
  std::function<std::string()> waits_for;  ///< before the first generation; may be empty
  const observe::Metrics& metrics;
  observe::ControlMetrics& control;
  observe::ProgramFacts program;
};
/// What the view refers to outlives the sources.
[[nodiscard]] admin::Sources make_admin_sources(AdminView view);

}  // namespace pintle::app
