// What every long-running command shares: its options, and its exit codes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include <pintle/base/clock.hpp>
#include <pintle/base/log.hpp>

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

enum class AfterReady : std::uint8_t { KeepServing, Exit };
enum class Balance : std::uint8_t {
  RoundRobin,
  LeastInFlight  ///< of two endpoints drawn at random, the one with fewer requests
};
enum class AccessLogTo : std::uint8_t { Off, Stdout, File };
enum class QueryLogging : std::uint8_t { Off, On };

/// The data plane, and what is told about it.
struct RunOptions {
  unsigned threads = 0;                              ///< 0: by the CPU quota
  std::size_t max_connections = 0;                   ///< 0: by the descriptor limit
  std::string admin = "127.0.0.1:9801";              ///< "off": no admin server
  std::string health = "off";                        ///< health and metrics alone, on an address of their own
  AfterReady after_ready = AfterReady::KeepServing;  ///< --once-ready
  Balance balance = Balance::RoundRobin;
  std::uint8_t trusted_hops = 0;  ///< X-Forwarded-For entries from the right that are believed
  AccessLogTo access_log = AccessLogTo::Stdout;
  std::string access_log_file;
  QueryLogging access_log_query = QueryLogging::Off;
  Millis drain_delay{0};
  Millis drain_max{30'000};
  std::string controller_name = "pintle.dev/gateway-controller";
  std::size_t max_metric_series = 20'000;
  log::Level log_level = log::Level::Info;
  log::Format log_format = log::Format::Text;
};

}  // namespace pintle::app
