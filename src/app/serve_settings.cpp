#include "src/app/serve_settings.hpp"

#include <unistd.h>

#include "src/app/offline.hpp"

namespace pintle::app {

reconcile::Settings reconcile_settings(const ServeOptions& options) {
  Target target;
  target.addresses = options.addresses;
  target.port_offset = options.port_offset;
  target.tls = options.tls;
  reconcile::Settings settings;
  settings.resolve = folder_settings(target);
  settings.resolve.controller_name = options.controller_name;
  for (const BackendOverride& backend : options.backends)
    settings.resolve.backend_overrides[{backend.ns, backend.service, backend.port}] = backend.address;
  return settings;
}

proxy::Settings proxy_settings(const RunOptions& options) {
  proxy::Settings settings;
  settings.trusted_hops = options.trusted_hops;
  settings.upstream.balance =
      options.balance == Balance::LeastInFlight ? upstream::Balance::LeastInFlight : upstream::Balance::RoundRobin;
  return settings;
}

Result<std::optional<observe::AccessLogSettings>> open_access_log(const RunOptions& options) {
  if (options.access_log == AccessLogTo::Off) return std::nullopt;
  observe::AccessLogSettings log;
  log.query = options.access_log_query == QueryLogging::On ? observe::QueryField::Write : observe::QueryField::LeaveOut;
  if (options.access_log == AccessLogTo::Stdout) {
    log.target = observe::AccessLogTarget::borrow(STDOUT_FILENO);
  } else {
    auto opened = observe::AccessLogTarget::open_file(options.access_log_file);
    if (!opened) return std::unexpected(std::move(opened.error()));
    log.target = std::move(*opened);
  }
  return log;
}

}  // namespace pintle::app
