// Lines of a head as nearly every peer writes them, read in one look. Internal to http1.
//
//   request line   METHOD SP path[?query] SP HTTP/1.1 CRLF     known method; path and query of bytes that stand for
//                                                              themselves; no "//", no "/." in the path: it is normal
//   field          name ":" [SP] value CRLF                    letters, digits and '-' as name, at most 31 of them; no
//                                                              other blank before or after the value, no HTAB in it
//
// What is taken here is what the careful way (head_lines.hpp) would have made of it. Anything else - rare, wrong, or
// cut by the end of what was received - is not judged here but left to the careful way. Nothing at or after `end` is
// read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <pintle/http/headers.hpp>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/recent_lines.hpp"

namespace pintle::http1 {

/// Where lines are read from: offsets count from `base`, bytes are there up to `end`.
struct LineBytes {
  const char* base = nullptr;
  std::size_t end = 0;
};

/// One for each kind of CPU, all with the same outcome.
struct PlainReader {
  /// Reads the request line at cursor.line and moves the cursor behind it, or returns false and leaves the cursor as it
  /// was. `limit` counts the line without its CRLF, here and below.
  bool (*request_line)(LineBytes bytes, std::uint32_t limit, LineCursor& cursor, RequestLine& line) noexcept;
  /// Reads field lines from cursor.line as far as they are plain and `storage` has room. True if the empty line came
  /// next: the cursor is behind it, and the head is read. The rest of `storage` is of no meaning. Lines that `recent`
  /// (maybe null) holds are taken from there, the others put there.
  bool (*fields)(LineBytes bytes, std::uint32_t limit, std::span<http::Field> storage, LineCursor& cursor,
                 RecentLines* recent) noexcept;
};
extern const PlainReader scalar_plain_reader;
#if defined(__x86_64__)
extern const PlainReader sse2_plain_reader;
extern const PlainReader avx2_plain_reader;  ///< only where the CPU has it
#endif
/// The widest that this CPU has.
extern const PlainReader plain_reader;

/// By the first letter of its name, which is not empty (FieldSummary::add_odd_name).
[[gnu::always_inline]] inline bool has_odd_name(const http::Field& field, const char* name) noexcept {
  const auto first = static_cast<unsigned char>(static_cast<unsigned char>(*name) | 0x20U);
  return field.id == http::HeaderId::Other && (first == 'x' || first == 'p');
}
/// Keeps the summary of a head up to date with one more field.
[[gnu::always_inline]] inline void note_field(const http::Field& field, const char* name,
                                              http::FieldSummary& seen) noexcept {
  seen.add(field.id);
  if (has_odd_name(field, name)) seen.add_odd_name();
}

}  // namespace pintle::http1
