// `pintle serve`: a folder of manifests in, traffic served, until told to stop. The wiring of source, reconcile,
// workers and admin lives in serve.cpp; nothing else of the application starts threads that serve.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <pintle/runtime/endpoints.hpp>

#include "src/app/run_options.hpp"

namespace pintle::app {

enum class TlsMode : std::uint8_t {
  Manifests,  ///< HTTPS listeners use the Secrets they name
  Internal,   ///< HTTPS listeners whose Secret is absent get a certificate of the own CA
};

/// `--backend ns/svc:port=host:port`: where a Service port is reached instead of its EndpointSlices.
struct BackendOverride {
  std::string ns;
  std::string service;
  std::uint16_t port = 0;
  runtime::SocketAddress address;
};

struct ServeOptions : RunOptions {
  std::vector<std::string> config_dirs;
  std::vector<std::string> addresses;  ///< literal IPs, or "*" for all; empty: loopback, v4 and v6
  std::uint16_t port_offset = 0;
  TlsMode tls = TlsMode::Manifests;
  std::string state_dir;  ///< own CA; empty: $XDG_STATE_HOME/pintle or ~/.local/state/pintle
  std::vector<BackendOverride> backends;
  std::string status_dir;  ///< statuses are written here as files; empty: not at all
};

/// What a program that embeds the server (demo, tests) is told.
struct ServeEvents {
  /// Once, on the control thread, when everything of the first generation is bound and acknowledged. `admin` is the
  /// bound address of the admin server ("" if off).
  std::function<void(const std::string& admin)> on_ready;
  /// Asked on the control thread every 50 ms at most; true drains and returns.
  std::function<bool()> should_stop;
};

/// Blocks until drained by TERM or INT (or ServeEvents::should_stop). Returns the exit code of the command.
[[nodiscard]] int serve(const ServeOptions& options, const ServeEvents& events = {});

}  // namespace pintle::app
