// The one algorithm stands in templates; the kinds of marks (byte_marks.hpp) make it a reader for each kind of CPU.
#include "dataplane/http1/plain_lines.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "dataplane/http1/byte_marks.hpp"

namespace pintle::http1 {
namespace {

constexpr int crlf_length = 2;

/// The marks of the bytes from `at` on. Near the end they are those of the last whole block, moved so that bit 0 is
/// still `at`; a byte beyond the end has none.
[[gnu::always_inline]] inline std::uint32_t moved(std::uint32_t marks, std::size_t by) noexcept {
  return by < marked_bytes ? marks >> by : 0;
}
template <class Mark>
[[gnu::always_inline]] inline std::uint32_t marks_at(LineBytes bytes, std::size_t at, Mark mark) noexcept {
  const std::size_t last = bytes.end - marked_bytes;
  if (at <= last) [[likely]]
    return mark(bytes.base + at);
  return moved(mark(bytes.base + last), at - last);
}
template <class Marks>
[[gnu::always_inline]] inline TargetMarks target_marks_at(LineBytes bytes, std::size_t at) noexcept {
  const std::size_t last = bytes.end - marked_bytes;
  if (at <= last) [[likely]]
    return Marks::target(bytes.base + at);
  const TargetMarks marks = Marks::target(bytes.base + last);
  const std::size_t by = at - last;
  return {moved(marks.ends, by), moved(marks.questions, by), moved(marks.slashes, by), moved(marks.dots, by)};
}

[[gnu::always_inline]] inline bool is_crlf(const char* p) noexcept { return std::memcmp(p, "\r\n", crlf_length) == 0; }

/// Where path and target end. False: look again with care.
struct TargetEnds {
  std::size_t path = 0;
  std::size_t target = 0;
};
template <class Marks>
[[gnu::always_inline]] inline bool read_target(LineBytes bytes, std::size_t begin, TargetEnds& out) noexcept {
  bool in_path = true;
  std::uint32_t after_slash = 0;
  for (std::size_t at = begin;; at += marked_bytes) {
    const TargetMarks marks = target_marks_at<Marks>(bytes, at);
    const std::uint32_t ends = marks.ends | (in_path ? marks.questions : 0);
    // Bits below the first end; all of them if there is none.
    const std::uint32_t inside = ends == 0 ? ~0U : (ends & (0U - ends)) - 1;
    if (in_path) {
      if (((marks.slashes << 1U | after_slash) & (marks.slashes | marks.dots) & inside) != 0) return false;
      after_slash = marks.slashes >> (marked_bytes - 1);
    }
    if (ends == 0) {
      if (at + marked_bytes >= bytes.end) return false;
      continue;
    }
    std::size_t end = at + static_cast<std::size_t>(std::countr_zero(ends));
    if (in_path) out.path = end;
    if (in_path && bytes.base[end] == '?') {
      in_path = false;
      const std::uint32_t rest = marks.ends & ~(inside << 1U | 1U);
      if (rest == 0) {
        if (at + marked_bytes >= bytes.end) return false;
        continue;
      }
      end = at + static_cast<std::size_t>(std::countr_zero(rest));
    }
    out.target = end;
    return bytes.base[end] == ' ';
  }
}

/// Length of the method at `p`, which ends with a blank; 0 if it is none of those known.
[[gnu::always_inline]] inline std::uint32_t read_method(const char* p, http::Method& method) noexcept {
  constexpr std::uint32_t longest = 7;
  std::uint32_t length = 0;
  while (length <= longest && p[length] != ' ') ++length;
  method = http::find_method({p, length});
  return method == http::Method::Other || method == http::Method::Connect ? 0 : length;
}

template <class Marks>
[[gnu::always_inline]] inline bool read_request_line(LineBytes bytes, std::uint32_t limit, LineCursor& cursor,
                                                     RequestLine& line) noexcept {
  constexpr std::string_view version = " HTTP/1.1\r\n";
  const std::size_t begin = cursor.line;
  if (begin + marked_bytes > bytes.end) return false;
  line.method_length = read_method(bytes.base + begin, line.method);
  const std::size_t target = begin + line.method_length + 1;
  if (line.method_length == 0 || bytes.base[target] != '/') return false;
  TargetEnds ends;
  if (!read_target<Marks>(bytes, target, ends)) return false;
  const std::size_t next = ends.target + version.size();
  if (next > bytes.end || next - begin > std::size_t{limit} + std::size_t{crlf_length}) return false;
  if (std::memcmp(bytes.base + ends.target, version.data(), version.size()) != 0) return false;
  line.version = http::Version::Http11;
  line.plain_path_length = static_cast<std::uint32_t>(ends.path - target);
  line.target_length = static_cast<std::uint32_t>(ends.target - target);
  cursor.line = static_cast<std::uint32_t>(next);
  return true;
}

/// Where the value at `p` ends; nullptr: not within what was received.
template <class Marks>
[[gnu::always_inline]] inline const char* find_value_end(const char* p, const char* end) noexcept {
  const char* const last = end - marked_bytes;
  for (; p <= last; p += marked_bytes)
    if (const std::uint32_t marks = Marks::value_ends(p); marks != 0) return p + std::countr_zero(marks);
  const std::uint32_t marks = moved(Marks::value_ends(last), static_cast<std::size_t>(p - last));
  return marks == 0 ? nullptr : p + std::countr_zero(marks);
}

/// `line` <= the end. Returns where the next line starts; nullptr: look again with care.
template <class Marks>
[[gnu::always_inline]] inline const char* read_field(LineBytes bytes, std::size_t limit, const char* line,
                                                     http::Field& field) noexcept {
  const char* const end = bytes.base + bytes.end;
  const std::uint32_t name_ends = marks_at(bytes, static_cast<std::size_t>(line - bytes.base), Marks::name_ends);
  if (name_ends == 0) return nullptr;
  const auto name_length = static_cast<std::size_t>(std::countr_zero(name_ends));
  const char* value = line + name_length + 1;
  if (name_length == 0 || value == end || value[-1] != ':') return nullptr;
  value += *value == ' ' ? 1 : 0;
  const char* const stop = find_value_end<Marks>(value, end);
  if (stop == nullptr || end - stop < crlf_length || !is_crlf(stop)) return nullptr;
  if (*value == ' ' || stop[-1] == ' ' || static_cast<std::size_t>(stop - line) > limit) return nullptr;
  field.name_offset = static_cast<std::uint32_t>(line - bytes.base);
  field.value_offset = static_cast<std::uint32_t>(value - bytes.base);
  field.value_length = static_cast<std::uint32_t>(stop - value);
  field.name_length = static_cast<std::uint16_t>(name_length);
  field.id = http::find_header_id({line, name_length});
  return stop + crlf_length;
}

/// The bytes at `line` are those of `known`.
template <class Marks>
[[gnu::always_inline]] inline bool is_again(const char* line, std::size_t left, const RecentLine& known) noexcept {
  constexpr std::uint32_t all = ~0U;
  const std::size_t length = known.length;
  const char* const bytes = known.bytes.data();
  if (length >= marked_bytes) {
    if (left < length) return false;
    const std::size_t last = length - marked_bytes;
    for (std::size_t at = 0; at < last; at += marked_bytes)
      if (Marks::same(line + at, bytes + at) != all) return false;
    return Marks::same(line + last, bytes + last) == all;
  }
  return length != 0 && left >= marked_bytes && (Marks::same(line, bytes) | all << length) == all;
}

template <class Marks>
[[gnu::always_inline]] inline bool read_fields(LineBytes bytes, std::uint32_t limit, std::span<http::Field> storage,
                                               LineCursor& cursor, RecentLines* recent) noexcept {
  if (bytes.end < marked_bytes) return false;
  http::Field* field = storage.data() + cursor.fields;
  http::Field* const field_end = storage.data() + storage.size();
  http::FieldSummary seen = cursor.seen;
  const char* const end = bytes.base + bytes.end;
  const char* line = bytes.base + cursor.line;
  const bool remembers = recent != nullptr && limit >= RecentLine::longest;
  const std::span<RecentLine> places = remembers ? recent->from(cursor.fields) : std::span<RecentLine>();
  RecentLine* known = places.data();
  RecentLine* const known_end = known + places.size();
  for (; field != field_end; ++field) {
    const auto offset = static_cast<std::uint32_t>(line - bytes.base);
    if (known != known_end && is_again<Marks>(line, static_cast<std::size_t>(end - line), *known)) {
      *field = known->field;
      field->name_offset = offset;
      field->value_offset += offset;
      seen.add(known->field.id);
      if (known->odd_name) seen.add_odd_name();
      line += known++->length;
      continue;
    }
    const char* const next = read_field<Marks>(bytes, limit, line, *field);
    if (next == nullptr) break;
    note_field(*field, line, seen);
    if (known != known_end) {
      http::Field placed = *field;
      placed.name_offset = 0;
      placed.value_offset -= offset;
      RecentLines::keep(*known++, line, static_cast<std::size_t>(next - line), placed, has_odd_name(*field, line));
    }
    line = next;
  }
  const bool whole = end - line >= crlf_length && is_crlf(line);
  cursor.line = static_cast<std::uint32_t>(line - bytes.base) + (whole ? std::uint32_t{crlf_length} : 0);
  cursor.fields = static_cast<std::uint32_t>(field - storage.data());
  cursor.seen = seen;
  return whole;
}

// Only a function can be compiled for a kind of CPU, so each kind has its own two.

bool scalar_request_line(LineBytes bytes, std::uint32_t limit, LineCursor& cursor, RequestLine& line) noexcept {
  return read_request_line<ScalarMarks>(bytes, limit, cursor, line);
}
bool scalar_fields(LineBytes bytes, std::uint32_t limit, std::span<http::Field> storage, LineCursor& cursor,
                   RecentLines* recent) noexcept {
  return read_fields<ScalarMarks>(bytes, limit, storage, cursor, recent);
}

#if defined(__x86_64__)

bool sse2_request_line(LineBytes bytes, std::uint32_t limit, LineCursor& cursor, RequestLine& line) noexcept {
  return read_request_line<Sse2Marks>(bytes, limit, cursor, line);
}
bool sse2_fields(LineBytes bytes, std::uint32_t limit, std::span<http::Field> storage, LineCursor& cursor,
                 RecentLines* recent) noexcept {
  return read_fields<Sse2Marks>(bytes, limit, storage, cursor, recent);
}
__attribute__((target("avx2"))) bool avx2_request_line(LineBytes bytes, std::uint32_t limit, LineCursor& cursor,
                                                       RequestLine& line) noexcept {
  return read_request_line<Avx2Marks>(bytes, limit, cursor, line);
}
__attribute__((target("avx2"))) bool avx2_fields(LineBytes bytes, std::uint32_t limit, std::span<http::Field> storage,
                                                 LineCursor& cursor, RecentLines* recent) noexcept {
  return read_fields<Avx2Marks>(bytes, limit, storage, cursor, recent);
}

#endif

}  // namespace

const PlainReader scalar_plain_reader{scalar_request_line, scalar_fields};
#if defined(__x86_64__)
const PlainReader sse2_plain_reader{sse2_request_line, sse2_fields};
const PlainReader avx2_plain_reader{avx2_request_line, avx2_fields};
const PlainReader plain_reader = __builtin_cpu_supports("avx2") != 0 ? avx2_plain_reader : sse2_plain_reader;
#else
const PlainReader plain_reader = scalar_plain_reader;
#endif

}  // namespace pintle::http1
