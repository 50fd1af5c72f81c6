// Around the session factory of a worker: its observer. The sink of the context is set before the factory is made, is
// told of each generation before anybody else, and gets to write its access log while there are sessions and for one
// interval after the last, so an idle worker never wakes for it.
// Threads: the function on the control thread; what it gives runs on the workers.
#pragma once
#include <optional>

#include "dataplane/observe/worker_observer.hpp"
#include "dataplane/worker/worker.hpp"

namespace pintle::app {

/// `metrics` outlives the workers.
[[nodiscard]] worker::MakeSessions observe_sessions(worker::MakeSessions make_sessions, observe::Metrics& metrics,
                                                    std::optional<observe::AccessLogSettings> log);

}  // namespace pintle::app
