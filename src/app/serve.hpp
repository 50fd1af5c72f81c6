// `pintle serve`: a folder of manifests in, traffic served, until told to stop. The wiring of source, reconcile,
// workers and admin lives in serve.cpp; nothing else of the application starts threads that serve.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/log.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::app {

/// Exit codes of every command.
enum class Exit : int {
  Fine = 0,
  Failed = 1,
  Usage = 2,
  Findings = 3,     ///< at or over --fail-on
  NotServed = 4,    ///< explain: the request would not be served
  Unreachable = 5,  ///< the instance asked does not answer
  Unusable = 78,    ///< configuration unusable at start: a service supervisor must not restart
};

enum class TlsMode : std::uint8_t {
  Manifests,  ///< HTTPS listeners use the Secrets they name
  Internal,   ///< HTTPS listeners whose Secret is absent get a certificate of the own CA
};
enum class AfterReady : std::uint8_t { KeepServing, Exit };
enum class Balance : std::uint8_t {
  RoundRobin,
  LeastInFlight  ///< of two endpoints drawn at random, the one with fewer requests
};
enum class AccessLogTo : std::uint8_t { Off, Stdout, File };
enum class QueryLogging : std::uint8_t { Off, On };

/// `--backend ns/svc:port=host:port`: where a Service port is reached instead of its EndpointSlices.
struct BackendOverride {
  std::string ns;
  std::string service;
  std::uint16_t port = 0;
  runtime::SocketAddress address;
};

struct ServeOptions {
  std::vector<std::string> config_dirs;
  std::vector<std::string> addresses;  ///< literal IPs, or "*" for all; empty: loopback, v4 and v6
  std::uint16_t port_offset = 0;
  unsigned threads = 0;                  ///< 0: by the CPU quota
  std::string admin = "127.0.0.1:9801";  ///< "off": no admin server
  TlsMode tls = TlsMode::Manifests;
  std::string state_dir;                             ///< own CA; empty: $XDG_STATE_HOME/pintle or ~/.local/state/pintle
  AfterReady after_ready = AfterReady::KeepServing;  ///< --once-ready
  std::vector<BackendOverride> backends;
  Balance balance = Balance::RoundRobin;
  std::uint8_t trusted_hops = 0;  ///< X-Forwarded-For entries from the right that are believed
  AccessLogTo access_log = AccessLogTo::Stdout;
  std::string access_log_file;
  QueryLogging access_log_query = QueryLogging::Off;
  Millis drain_delay{0};
  Millis drain_max{30'000};
  std::string status_dir;  ///< statuses are written here as files; empty: not at all
  std::string controller_name = "pintle.dev/gateway-controller";
  std::size_t max_metric_series = 20'000;
  std::size_t max_connections = 0;  ///< 0: by the descriptor limit
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
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
