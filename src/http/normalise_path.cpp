// Two passes in place: first the escapes, then the segments. A path that has neither a '%', nor "//", nor "/." is
// normal already and is only looked at.
#include <cstring>

#include <pintle/http/target.hpp>

#include "src/http/bytes.hpp"

namespace pintle::http {
namespace {

constexpr std::string_view upper_hex = "0123456789ABCDEF";

/// Bytes of a path that were checked already stand for themselves; '?' would end the path.
consteval ByteTable make_path_table() {
  ByteTable table{};
  for (unsigned c = 0x21; c < 0x7F; ++c) table[c] = 1;
  table['#'] = table['\\'] = table['?'] = 0;
  return table;
}
constexpr ByteTable path_table = make_path_table();

enum class Look : std::uint8_t { Normal, NeedsWork, Refused };

Look look_at(std::string_view path) noexcept {
  char before = 0;
  bool work = false;
  for (const char c : path) {
    if (path_table[static_cast<unsigned char>(c)] == 0) return Look::Refused;
    work |= c == '%' || (before == '/' && (c == '/' || c == '.'));
    before = c;
  }
  return work ? Look::NeedsWork : Look::Normal;
}

/// Length after decoding, or a refusal.
struct Decoded {
  std::size_t length = 0;
  bool changed = false;
  Refusal refusal;
};

Decoded decode_escapes(std::span<char> path, const PathRules& rules) noexcept {
  Decoded out;
  for (std::size_t read = 0; read < path.size(); ++read) {
    if (path[read] != '%') {
      path[out.length++] = path[read];
      continue;
    }
    if (path.size() - read < 3) return {.refusal = bad_request(31, "broken % escape in the path")};
    const std::uint8_t high = hex_value(path[read + 1]);
    const std::uint8_t low = hex_value(path[read + 2]);
    if (high > 15 || low > 15) return {.refusal = bad_request(31, "broken % escape in the path")};
    const auto byte = static_cast<unsigned char>(high << 4U | low);
    if (byte == 0) return {.refusal = bad_request(32, "%00 in the path")};
    if ((byte == '/' || byte == '\\') && rules.escaped_slash == EscapedSlash::Refuse) {
      return {.refusal = bad_request(32, "escaped slash in the path")};
    }
    if (is_unreserved(byte)) {
      path[out.length++] = static_cast<char>(byte);
      out.changed = true;
    } else {
      out.changed |= path[read + 1] != upper_hex[high] || path[read + 2] != upper_hex[low];
      path[out.length++] = '%';
      path[out.length++] = upper_hex[high];
      path[out.length++] = upper_hex[low];
    }
    read += 2;
  }
  return out;
}

/// "." or "..", also with parameters: "..;x" is ".." to a server that strips them (req 35).
std::size_t dots_of(std::string_view segment) noexcept {
  const std::size_t dots = segment.starts_with("..") ? 2 : segment.starts_with('.') ? 1 : 0;
  if (dots == 0 || (segment.size() > dots && segment[dots] != ';')) return 0;
  return dots;
}

/// A backend may decode %2F or %5C and then resolve dot segments: "/a/..%2Fb" is "/b" there (req 35).
bool hides_dots(std::string_view segment) noexcept {
  bool escaped = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 2 < segment.size(); ++i) {
    const std::string_view escape = segment.substr(i, 3);
    if (escape != "%2F" && escape != "%5C") continue;
    escaped = true;
    if (dots_of(segment.substr(begin, i - begin)) != 0) return true;
    begin = i + 3;
    i += 2;
  }
  return escaped && dots_of(segment.substr(begin)) != 0;
}

class SegmentWriter {
 public:
  explicit SegmentWriter(std::span<char> path) noexcept : path_(path) {}

  /// `last`: nothing follows, so a dot segment leaves its slash.
  [[nodiscard]] Refusal write(std::string_view segment, Slashes slashes, bool last) noexcept {
    const std::size_t dots = dots_of(segment);
    if (dots != 0 && segment.size() > dots) return bad_request(35, "dot segment with parameters");
    if (dots == 0 && hides_dots(segment)) return bad_request(35, "dot segment behind an escaped slash");
    if (dots == 2) {
      if (length_ == 0) return bad_request(32, "path climbs above the root");
      while (path_[--length_] != '/') {
      }
    }
    if (dots != 0 || (segment.empty() && slashes == Slashes::Merge)) {
      if (last) path_[length_++] = '/';
      return {};
    }
    path_[length_++] = '/';
    std::memmove(path_.data() + length_, segment.data(), segment.size());
    length_ += segment.size();
    return {};
  }
  [[nodiscard]] std::size_t length() const noexcept { return length_; }

 private:
  std::span<char> path_;
  std::size_t length_ = 0;
};

}  // namespace

NormalisedPath normalise_path(std::span<char> path, const PathRules& rules) noexcept {
  const std::string_view whole(path.data(), path.size());
  if (path.empty() || path.front() != '/') return {.refusal = bad_request(31, "path does not start with a slash")};
  const Look look = look_at(whole);
  if (look == Look::Refused) return {.refusal = bad_request(31, "byte not allowed in a path")};
  if (look == Look::Normal) return {.path = whole};

  const Decoded decoded = decode_escapes(path, rules);
  if (decoded.refusal) return {.refusal = decoded.refusal};
  const std::string_view text = whole.substr(0, decoded.length);
  SegmentWriter writer(path);
  for (std::size_t begin = 1;;) {
    const std::size_t slash = text.find('/', begin);
    const bool last = slash == std::string_view::npos;
    const std::size_t end = last ? text.size() : slash;
    if (Refusal refusal = writer.write(text.substr(begin, end - begin), rules.slashes, last))
      return {.refusal = refusal};
    if (last) break;
    begin = end + 1;
  }
  return {.path = whole.substr(0, writer.length()), .changed = decoded.changed || writer.length() != decoded.length};
}

}  // namespace pintle::http
