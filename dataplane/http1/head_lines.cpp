#include "dataplane/http1/head_lines.hpp"

#include <algorithm>

#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr int crlf = 2;
/// Reading a line this short again costs less than thinking about it.
constexpr std::ptrdiff_t short_line = 1024;

[[nodiscard]] bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

http::Refusal name_fault(const char* line, const char* at) noexcept {
  if (at == line) {
    if (is_blank(*at)) return http::bad_request(6, "folded line");
    if (*at == ':') return http::bad_request(5, "empty field name");
    if (*at == '\n') return http::bad_request(7, "bare LF");
  }
  switch (*at) {
    case ' ':
    case '\t':
      return http::bad_request(5, "blank before the colon of a field");
    case '\r':
    case '\n':
      return http::bad_request(5, "field line without colon");
    default:
      return http::bad_request(5, "byte not allowed in a field name");
  }
}

/// One line that is no empty line. Done: `next` is the start of the next one.
LineResult read_field(const LineWindow& window, const char* base, http::Field& field, const char*& next) noexcept {
  const char* const line = window.begin();
  const char* const colon = Scan::token(line, window.end());
  if (colon == window.end()) return window.run_out();
  if (*colon != ':' || colon == line) [[unlikely]]
    return refused(name_fault(line, colon));
  const char* value = colon + 1;
  while (value != window.end() && is_blank(*value)) ++value;
  const char* const stop = Scan::value(value, window.end());
  if (stop == window.end()) return window.run_out();
  if (*stop != '\r') return refused(http::bad_request(7, "control byte in a field value"));
  if (stop + 1 == window.end()) return window.run_out();
  if (stop[1] != '\n') return refused(http::bad_request(7, "bare CR in a field value"));
  const char* value_end = stop;
  while (value_end != value && is_blank(value_end[-1])) --value_end;

  const auto name_length = static_cast<std::size_t>(colon - line);
  field.name_offset = static_cast<std::uint32_t>(line - base);
  field.value_offset = static_cast<std::uint32_t>(value - base);
  field.value_length = static_cast<std::uint32_t>(value_end - value);
  field.name_length = static_cast<std::uint16_t>(name_length);
  field.id = http::find_header_id({line, name_length});
  next = stop + crlf;
  return {.progress = Progress::Done};
}

/// The usual line: whole, one blank before the value, none after. False: look again with care.
[[gnu::always_inline]] inline bool read_plain_field(const char* line, const char* end, const char* base,
                                                    http::Field& field, const char*& next) noexcept {
  const char* const colon = Scan::token(line, end);
  if (end - colon < 4 || *colon != ':' || colon == line) return false;
  const char* const value = colon[1] == ' ' ? colon + 2 : colon + 1;
  const char* const stop = Scan::value(value, end);
  if (end - stop < crlf || stop[0] != '\r' || stop[1] != '\n') return false;
  if (is_blank(*value) || is_blank(stop[-1])) return false;
  const auto name_length = static_cast<std::size_t>(colon - line);
  field.name_offset = static_cast<std::uint32_t>(line - base);
  field.value_offset = static_cast<std::uint32_t>(value - base);
  field.value_length = static_cast<std::uint32_t>(stop - value);
  field.name_length = static_cast<std::uint16_t>(name_length);
  field.id = http::find_header_id({line, name_length});
  next = stop + crlf;
  return true;
}

/// Reads plain lines as far as they go. What it takes, the careful way would have taken the same.
void read_plain_fields(std::span<const char> bytes, const HeadLimits& limits, std::span<http::Field> storage,
                       LineCursor& cursor) noexcept {
  const char* const base = bytes.data();
  const char* const end = base + std::min<std::size_t>(bytes.size(), limits.head);
  const char* line = base + cursor.line;
  http::Field* field = storage.data() + cursor.fields;
  http::Field* const field_end = storage.data() + storage.size();
  while (field != field_end && line < end && *line != '\r') {
    const char* const line_end = line + std::min<std::ptrdiff_t>(end - line, std::ptrdiff_t{limits.field} + crlf);
    if (!read_plain_field(line, line_end, base, *field, line)) break;
    ++field;
  }
  cursor.line = static_cast<std::uint32_t>(line - base);
  cursor.fields = static_cast<std::uint32_t>(field - storage.data());
}

LineResult read_last_line(const LineWindow& window) noexcept {
  if (window.begin() + 1 == window.end()) return window.run_out();
  if (window.begin()[1] != '\n') return refused(http::bad_request(7, "bare CR at the end of the head"));
  return {.progress = Progress::Done};
}

}  // namespace

LineWindow::LineWindow(std::span<const char> bytes, std::uint32_t line, std::uint32_t line_limit,
                       std::uint32_t head_limit, http::Refusal too_long) noexcept
    : begin_(bytes.data() + line), end_(bytes.data() + bytes.size()), cut_(Cut::Received), too_long_(too_long) {
  const std::size_t line_end = std::size_t{line} + line_limit + std::size_t{crlf};
  const std::size_t room = std::min<std::size_t>(line_end, head_limit);
  if (bytes.size() < room) return;
  end_ = bytes.data() + room;
  cut_ = line_end <= head_limit ? Cut::Line : Cut::Head;
}

LineResult LineWindow::run_out() const noexcept {
  switch (cut_) {
    case Cut::Received:
      return {.progress = Progress::NeedMore};
    case Cut::Line:
      return refused(too_long_);
    case Cut::Head:
      break;
  }
  return refused(head_too_large("head too large"));
}

bool is_still_open(const LineWindow& window, std::span<const char> bytes, LineCursor& cursor) noexcept {
  const char* const seen = std::max(window.begin(), bytes.data() + std::min<std::size_t>(cursor.scanned, bytes.size()));
  cursor.scanned = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), UINT32_MAX));
  if (window.end() - window.begin() <= short_line || seen >= window.end()) return false;
  if (seen - window.begin() <= short_line) return false;
  if (seen[-1] == '\r') return false;
  return window.run_out().progress == Progress::NeedMore && Scan::value(seen, window.end()) == window.end();
}

LineResult read_fields(std::span<const char> bytes, const HeadLimits& limits, std::span<http::Field> storage,
                       LineCursor& cursor) noexcept {
  const http::Refusal too_long = head_too_large("field too large");
  const char* next = nullptr;
  if (is_still_open(LineWindow(bytes, cursor.line, limits.field, limits.head, too_long), bytes, cursor)) {
    return {.progress = Progress::NeedMore};
  }
  for (;;) {
    read_plain_fields(bytes, limits, storage, cursor);
    const LineWindow window(bytes, cursor.line, limits.field, limits.head, too_long);
    if (window.begin() >= window.end()) return window.run_out();
    if (*window.begin() == '\r') {
      const LineResult last = read_last_line(window);
      if (last.progress == Progress::Done) cursor.line += crlf;
      return last;
    }
    if (cursor.fields == storage.size()) return refused(head_too_large("too many fields"));
    const LineResult line = read_field(window, bytes.data(), storage[cursor.fields], next);
    if (line.progress != Progress::Done) return line;
    ++cursor.fields;
    cursor.line = static_cast<std::uint32_t>(next - bytes.data());
  }
}

}  // namespace pintle::http1
