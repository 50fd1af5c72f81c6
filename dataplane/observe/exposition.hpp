// Prometheus text format 0.0.4 from all shards, from the control thread's own numbers and from the kernel's view of
// this program. Reads counters while workers write them: each value is whole, a scrape is no transaction. Any thread
// that owns the ControlMetrics given (the control thread).
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/ids.hpp>

#include "dataplane/observe/metrics.hpp"

namespace pintle::observe {

inline constexpr std::string_view exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

/// What the control thread knows. Plain values, filled in by whoever applies configurations.
struct ControlMetrics {
  struct Certificate {
    std::string source;  ///< "namespace/name"
    std::int64_t not_after = 0;
  };
  Generation generation;
  std::int64_t last_apply_seconds = 0;  ///< since the epoch; 0: never
  bool last_apply_success = false;
  Histogram<8> apply_duration;                    ///< nanoseconds, overhead_bounds
  Histogram<8> propagation;                       ///< change seen to change live, nanoseconds, overhead_bounds
  std::map<std::string, std::uint64_t> objects;   ///< by kind
  std::map<std::string, std::uint64_t> findings;  ///< by severity: "info", "warning", "error"
  std::vector<Certificate> certificates;
  std::map<std::string, std::uint64_t> endpoints;  ///< by backend: endpoints of the current generation
};

struct ProgramFacts {
  std::string version;
  std::string commit;
  std::int64_t started_at = 0;  ///< seconds since the epoch
};

[[nodiscard]] std::string make_exposition(const Metrics& metrics, const ControlMetrics& control,
                                          const ProgramFacts& program);

}  // namespace pintle::observe
