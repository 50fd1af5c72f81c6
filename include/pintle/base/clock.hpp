// Time as parameters: pure code takes these, never reads a clock. Deadlines use Monotonic; only certificate validity
// and timestamps shown to people use Wall (req 77).
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace pintle {

using Monotonic = std::chrono::steady_clock::time_point;
using Wall = std::chrono::sys_seconds;
using Millis = std::chrono::milliseconds;

/// RFC 3339 in UTC with whole seconds, the form of metav1.Time: "2026-06-01T12:00:00Z".
[[nodiscard]] std::string format_rfc3339(Wall time);
[[nodiscard]] Wall wall_now() noexcept;

}  // namespace pintle
