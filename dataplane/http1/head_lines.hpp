// Lines of a head, shared by the request and the response parser. Internal to http1.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <pintle/http/headers.hpp>
#include <pintle/http/refusal.hpp>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/plain_lines.hpp"

namespace pintle::http1 {

/// What one look at a line gave.
struct LineResult {
  Progress progress = Progress::NeedMore;
  http::Refusal refusal{};
};
[[nodiscard]] inline LineResult refused(http::Refusal refusal) noexcept { return {Progress::Refused, refusal}; }

/// The bytes a line may use: what was received, cut at the limit of the line and of the head. Running out of them means
/// NeedMore or too large; which one, run_out() says, so that the place where input was cut never matters.
class LineWindow {
 public:
  /// `line_limit` counts the line without its CRLF; `too_long` is the answer to a longer one.
  LineWindow(std::span<const char> bytes, std::uint32_t line, std::uint32_t line_limit, std::uint32_t head_limit,
             http::Refusal too_long) noexcept
      : begin_(bytes.data() + line), end_(bytes.data() + bytes.size()), cut_(Cut::Received), too_long_(too_long) {
    constexpr std::size_t crlf = 2;
    const std::size_t line_end = std::size_t{line} + line_limit + crlf;
    const std::size_t room = std::min<std::size_t>(line_end, head_limit);
    if (bytes.size() < room) return;
    end_ = bytes.data() + room;
    cut_ = line_end <= head_limit ? Cut::Line : Cut::Head;
  }

  [[nodiscard]] const char* begin() const noexcept { return begin_; }
  [[nodiscard]] const char* end() const noexcept { return end_; }
  [[nodiscard]] LineResult run_out() const noexcept;

 private:
  const char* begin_;
  const char* end_;
  enum class Cut : std::uint8_t { Received, Line, Head } cut_;
  http::Refusal too_long_;
};

/// Whether the line being read was looked at before and is so long that looking again costs more than is_still_open().
[[nodiscard]] inline bool may_be_open(const LineCursor& cursor) noexcept {
  constexpr std::uint32_t short_line = 1024;
  return cursor.scanned > cursor.line + short_line;
}
/// True if reading such a line again cannot tell more than last time: its new bytes hold no control byte. Keeps the
/// work linear when a head comes in small pieces.
[[nodiscard]] bool is_still_open(const LineWindow& window, std::span<const char> bytes,
                                 const LineCursor& cursor) noexcept;
/// A head needs more bytes: these were looked at.
inline void note_scanned(std::span<const char> bytes, LineCursor& cursor) noexcept {
  cursor.scanned = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), UINT32_MAX));
}

/// What a line may be read from: no line goes on beyond the limit of the head.
[[nodiscard]] inline LineBytes line_bytes(std::span<const char> bytes, const HeadLimits& limits) noexcept {
  return {bytes.data(), std::min<std::size_t>(bytes.size(), limits.head)};
}

/// Reads field lines from cursor.line on until the empty line. Done: cursor.line is the length of the head.
[[nodiscard]] LineResult read_fields(std::span<const char> bytes, const HeadLimits& limits,
                                     std::span<http::Field> storage, LineCursor& cursor) noexcept;

[[nodiscard]] constexpr http::Refusal head_too_large(std::string_view what) noexcept {
  return {431, Reason::HeaderTooLarge, 23, what};
}

}  // namespace pintle::http1
