#include <string>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <pintle/base/log.hpp>

namespace pintle::log {
namespace {

Format active_format = Format::Text;  // written once at start, before threads exist

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::Debug:
      return spdlog::level::debug;
    case Level::Info:
      return spdlog::level::info;
    case Level::Warning:
      return spdlog::level::warn;
    case Level::Error:
      return spdlog::level::err;
    case Level::Off:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = spdlog::stderr_color_mt("pintle");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *instance;
}

// Control bytes, quotes and non-ASCII leave as escapes, so one message is one line whatever a name holds.
std::string escape(std::string_view text, Format format) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      out += fmt::format(fmt::runtime(format == Format::Json ? "\\u{:04x}" : "\\x{:02x}"), byte);
    } else if (format == Format::Json && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void configure(Level level, Format format) {
  active_format = format;
  if (format == Format::Json)
    logger().set_pattern(R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})",
                         spdlog::pattern_time_type::utc);
  set_level(level);
}

void set_level(Level level) noexcept { logger().set_level(to_spdlog(level)); }
bool enabled(Level level) noexcept { return logger().should_log(to_spdlog(level)); }
void write(Level level, std::string_view message) {
  logger().log(to_spdlog(level), "{}", escape(message, active_format));
}

}  // namespace pintle::log
