// From the options of `serve` to the settings of the parts it is made of. Pure but for opening the access log.
#pragma once
#include <optional>

#include "controller/reconcile/reconciler.hpp"
#include "dataplane/observe/worker_observer.hpp"
#include "dataplane/proxy/proxy.hpp"
#include "src/app/serve.hpp"

namespace pintle::app {

[[nodiscard]] reconcile::Settings reconcile_settings(const ServeOptions& options);
[[nodiscard]] proxy::Settings proxy_settings(const RunOptions& options);
/// nullopt: no access log.
[[nodiscard]] Result<std::optional<observe::AccessLogSettings>> open_access_log(const RunOptions& options);

}  // namespace pintle::app
