#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "test/bench/tools/client.hpp"

namespace pintle::bench {

enum class Reuse { KeepAlive, ConnectionEach };

struct Load {
  Target target;
  std::size_t connections = 64;
  double seconds = 1;
  std::uint64_t requests = 0;  // closed loop: stop after so many instead of after seconds; 0: no
  std::uint64_t rate = 0;      // requests a second; 0: closed loop
  Reuse reuse = Reuse::KeepAlive;
};

struct Tally {
  std::uint64_t answered = 0;
  std::uint64_t errors = 0;
  double seconds = 0;
  std::vector<std::uint32_t> latencies_us;  // fixed rate alone
};

/// Every connection asks again as soon as it has its answer.
Tally run_closed(const Load& load);

/// Requests are due at fixed instants whatever becomes of those before; each takes the first free connection, or waits
/// for one. Latency counts from the instant the request was due, so a stall is felt by all it delayed.
Tally run_at_rate(const Load& load);

/// Opens every connection, asks once on each, says "ready" and holds them until standard input ends.
Tally hold_idle(const Load& load);

}  // namespace pintle::bench
