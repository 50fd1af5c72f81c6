#include "dataplane/http1/head_lines.hpp"

#include <algorithm>

#include "dataplane/http1/head_marks.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr unsigned crlf = 2;
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

/// Keeps the summary of a head up to date with one more field.
[[gnu::always_inline]] inline void note(const http::Field& field, std::string_view name,
                                        http::FieldSummary& seen) noexcept {
  seen.add(field.id);
  if (field.id != http::HeaderId::Other) return;
  const auto first = static_cast<unsigned char>(static_cast<unsigned char>(name[0]) | 0x20U);
  if (first == 'x' || first == 'p') seen.add_odd_name();
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

/// The usual line, from mark to mark: whole, one blank before the value, none after, letters, digits and '-' as name.
/// Returns where the next one starts; 0: look again with care. Offsets count from `window`, which holds `size` bytes.
[[gnu::always_inline]] inline std::size_t read_plain_field(const HeadMarks& marks, const char* window, std::size_t size,
                                                           std::size_t line, std::uint32_t limit,
                                                           http::Field& field) noexcept {
  const std::size_t colon = marks.name_end(line);
  if (colon + 4 > size || window[colon] != ':' || colon == line) return 0;
  const std::size_t value = window[colon + 1] == ' ' ? colon + 2 : colon + 1;
  const std::size_t stop = marks.value_end(value);
  if (stop + crlf > size || window[stop] != '\r' || window[stop + 1] != '\n' || stop - line > limit) return 0;
  if (is_blank(window[value]) || is_blank(window[stop - 1])) return 0;
  field.name_offset = static_cast<std::uint32_t>(line);
  field.value_offset = static_cast<std::uint32_t>(value);
  field.value_length = static_cast<std::uint32_t>(stop - value);
  field.name_length = static_cast<std::uint16_t>(colon - line);
  field.id = http::find_header_id({window + line, colon - line});
  return stop + crlf;
}

/// Reads plain lines as far as they go. What it takes, the careful way would have taken the same.
void read_plain_fields(std::span<const char> bytes, const HeadLimits& limits, std::span<http::Field> storage,
                       LineCursor& cursor) noexcept {
  const std::size_t end = std::min<std::size_t>(bytes.size(), limits.head);
  HeadMarks marks;
  http::Field* field = storage.data() + cursor.fields;
  http::Field* const field_end = storage.data() + storage.size();
  http::FieldSummary seen = cursor.seen;
  std::size_t at = cursor.line;
  // A line that the window cuts begins the next window; one that fills it is left to the careful way.
  for (std::size_t before = SIZE_MAX; at < end && at != before && bytes[at] != '\r';) {
    before = at;
    const char* const window = bytes.data() + at;
    const std::size_t size = std::min(end - at, HeadMarks::window);
    marks.mark(window, size);
    std::size_t line = 0;
    while (field != field_end && line < size) {
      const std::size_t next = read_plain_field(marks, window, size, line, limits.field, *field);
      if (next == 0) break;
      note(*field, {window + line, field->name_length}, seen);
      field->name_offset += static_cast<std::uint32_t>(before);
      field->value_offset += static_cast<std::uint32_t>(before);
      ++field;
      line = next;
    }
    at += line;
    if (before + size == end) break;
  }
  cursor.line = static_cast<std::uint32_t>(at);
  cursor.fields = static_cast<std::uint32_t>(field - storage.data());
  cursor.seen = seen;
}

/// The empty line at the end is here, whole.
bool is_at_end(std::span<const char> bytes, const HeadLimits& limits, std::uint32_t line) noexcept {
  return std::min<std::size_t>(bytes.size(), limits.head) >= std::size_t{line} + crlf && bytes[line] == '\r' &&
         bytes[line + 1] == '\n';
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

bool is_still_open(const LineWindow& window, std::span<const char> bytes, LineCursor& cursor) noexcept {
  const char* const seen = bytes.data() + std::min<std::size_t>(cursor.scanned, bytes.size());
  cursor.scanned = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), UINT32_MAX));
  if (seen - window.begin() <= short_line || seen >= window.end()) return false;
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
    if (is_at_end(bytes, limits, cursor.line)) {
      cursor.line += crlf;
      return {.progress = Progress::Done};
    }
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
    note(field, name, cursor.seen);
    if (name.find('_') != std::string_view::npos) cursor.seen.add_odd_name();
    ++cursor.fields;
    cursor.line = static_cast<std::uint32_t>(next - bytes.data());
  }
}

}  // namespace pintle::http1
