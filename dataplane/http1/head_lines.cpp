#include "dataplane/http1/head_lines.hpp"

#include <algorithm>

#include "dataplane/http1/plain_lines.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr unsigned crlf = 2;

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

LineResult read_last_line(const LineWindow& window) noexcept {
  if (window.begin() + 1 == window.end()) return window.run_out();
  if (window.begin()[1] != '\n') return refused(http::bad_request(7, "bare CR at the end of the head"));
  return {.progress = Progress::Done};
}

}  // namespace

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

bool is_still_open(const LineWindow& window, std::span<const char> bytes, const LineCursor& cursor) noexcept {
  const char* const seen = bytes.data() + std::min<std::size_t>(cursor.scanned, bytes.size());
  if (seen >= window.end() || seen[-1] == '\r') return false;
  return window.run_out().progress == Progress::NeedMore && Scan::value(seen, window.end()) == window.end();
}

LineResult read_fields(std::span<const char> bytes, const HeadLimits& limits, std::span<http::Field> storage,
                       LineCursor& cursor) noexcept {
  const http::Refusal too_long = head_too_large("field too large");
  const char* next = nullptr;
  if (may_be_open(cursor) &&
      is_still_open(LineWindow(bytes, cursor.line, limits.field, limits.head, too_long), bytes, cursor)) {
    return {.progress = Progress::NeedMore};
  }
  for (;;) {
    if (plain_reader.fields(line_bytes(bytes, limits), limits.field, storage, cursor, nullptr))
      return {.progress = Progress::Done};
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
    const http::Field& field = storage[cursor.fields];
    const std::string_view name(bytes.data() + field.name_offset, field.name_length);
    note_field(field, name.data(), cursor.seen);
    if (name.find('_') != std::string_view::npos) cursor.seen.add_odd_name();
    ++cursor.fields;
    cursor.line = static_cast<std::uint32_t>(next - bytes.data());
  }
}

}  // namespace pintle::http1
