#include <fmt/core.h>

#include <pintle/base/clock.hpp>

namespace pintle {

std::string format_rfc3339(Wall time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

Wall wall_now() noexcept { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace pintle
