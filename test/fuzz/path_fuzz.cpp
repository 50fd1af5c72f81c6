// The path normaliser and the request target (req 31-35).
// Property: what normalise_path leaves is what a plain reading of the rules leaves, written here a second time on lists
// of segments; doing it again changes nothing; prefixes end at segment edges; no decoding of escaped slashes by a
// backend brings a dot segment to light. parse_target cuts a target into views that put together give the target again.
#include <cctype>
#include <optional>

#include <pintle/http/target.hpp>
#include <pintle/route/match.hpp>

#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using Segments = std::vector<std::string>;

/// "/a/b" is {"a", "b"}, "/a/" is {"a", ""}.
Segments split(std::string_view path) {
  Segments list;
  for (const char c : path) {
    if (c == '/')
      list.emplace_back();
    else
      list.back() += c;
  }
  return list;
}

int hex_of(char c) {
  const std::size_t at = std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at % 16);
}

bool is_unreserved(int byte) {
  return byte < 0x80 && (std::isalnum(byte) || std::string_view("-._~").contains(static_cast<char>(byte)));
}

/// Escapes decoded where they mean nothing, upper case where they stay. nullopt: refused.
std::optional<std::string> unescape(std::string_view path, http::EscapedSlash escaped_slash) {
  std::string out;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = static_cast<unsigned char>(path[i]);
    if (byte <= 0x20 || byte >= 0x7f || byte == '#' || byte == '\\' || byte == '?') return std::nullopt;
    if (byte != '%') {
      out += path[i];
      continue;
    }
    if (i + 2 >= path.size() || hex_of(path[i + 1]) < 0 || hex_of(path[i + 2]) < 0) return std::nullopt;
    const int value = hex_of(path[i + 1]) * 16 + hex_of(path[i + 2]);
    if (value == 0) return std::nullopt;
    if ((value == '/' || value == '\\') && escaped_slash == http::EscapedSlash::Refuse) return std::nullopt;
    if (is_unreserved(value)) {
      out += static_cast<char>(value);
    } else {
      out += '%';
      out += static_cast<char>(std::toupper(path[i + 1]));
      out += static_cast<char>(std::toupper(path[i + 2]));
    }
    i += 2;
  }
  return out;
}

std::string without_parameters(const std::string& segment) { return segment.substr(0, segment.find(';')); }

bool is_dots(const std::string& segment) { return segment == "." || segment == ".."; }

/// What a backend sees that takes %2F and %5C for slashes.
Segments split_at_escaped_slashes(const std::string& segment) {
  std::string opened = "/";
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const std::string escape = segment.substr(i, 3);
    const bool slash = escape == "%2F" || escape == "%5C";
    opened += slash ? '/' : segment[i];
    if (slash) i += 2;
  }
  return split(opened);
}

bool is_trap(const std::string& segment) {
  const Segments pieces = split_at_escaped_slashes(segment);
  if (pieces.size() == 1) return !is_dots(segment) && is_dots(without_parameters(segment));
  for (const std::string& piece : pieces)
    if (is_dots(without_parameters(piece))) return true;
  return false;
}

std::optional<std::string> plainly_normalised(std::string_view path, const http::PathRules& rules) {
  if (!path.starts_with('/')) return std::nullopt;
  const std::optional<std::string> text = unescape(path, rules.escaped_slash);
  if (!text) return std::nullopt;
  const Segments wanted = split(*text);
  Segments kept;
  bool open = false;  // the last segment left its slash only
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string& segment = wanted[i];
    if (is_trap(segment)) return std::nullopt;
    if (segment == "..") {
      if (kept.empty()) return std::nullopt;
      kept.pop_back();
    }
    const bool vanishes = is_dots(segment) || (segment.empty() && rules.slashes == http::Slashes::Merge);
    if (!vanishes) kept.push_back(segment);
    open = vanishes;
  }
  std::string out;
  for (const std::string& segment : kept) out += "/" + segment;
  return open ? out + "/" : out;
}

void require_prefixes_end_at_edges(std::string_view path) {
  for (std::size_t end = 1; end <= path.size(); ++end) {
    const route::PathMatch match{route::PathKind::Prefix, std::string(path.substr(0, end)), std::nullopt};
    if (match.value.size() > 1 && match.value.ends_with('/')) continue;  // resolve() cuts those
    const bool edge = end == path.size() || path[end] == '/' || match.value == "/";
    require(route::matches_path(match, path) == edge, "prefixes match on segment edges only", match.value);
  }
}

void normalise(std::string_view input, const http::PathRules& rules) {
  std::string bytes(input);
  const http::NormalisedPath result = http::normalise_path(bytes, rules);
  const std::optional<std::string> wanted = plainly_normalised(input, rules);
  require(!result.refusal == wanted.has_value(), "refused by both or by none", result.refusal.detail);
  if (!wanted) return;
  const std::string path(result.path);
  require(path == *wanted, "one normal form", path + " or " + *wanted);
  require(result.changed == (path != input), "a change is told");
  std::string again = path;
  const http::NormalisedPath second = http::normalise_path(again, rules);
  require(!second.refusal && second.path == path && !second.changed, "idempotent (req 33)", path);
  for (const std::string& segment : split(path)) {
    if (segment.find('.') == std::string::npos) continue;
    for (const std::string& piece : split_at_escaped_slashes(segment))
      require(!is_dots(without_parameters(piece)), "no dot segment is left, however it is decoded", path);
  }
  if (path.size() < 100) require_prefixes_end_at_edges(path);
}

void parse(std::string_view input, http::Method method) {
  http::Target target;
  if (http::parse_target(input, method, target)) return;
  std::string joined;
  if (target.form == http::TargetForm::Absolute) joined = std::string(target.scheme) + "://";
  joined += target.authority;
  const bool given = target.path.data() >= input.data() && target.path.data() <= input.data() + input.size();
  if (given) joined += target.path;
  if (target.has_query) joined += "?" + std::string(target.query);
  require(joined == input, "the parts are the whole", joined);
  require((target.form == http::TargetForm::Authority) == (method == http::Method::Connect), "authority-form: CONNECT");
  if (target.form == http::TargetForm::Asterisk) require(method == http::Method::Options, "asterisk-form: OPTIONS");
}

void run(std::string_view input) {
  if (input.size() > 8 * 1024) return;
  for (const http::Slashes slashes : {http::Slashes::Merge, http::Slashes::Keep})
    for (const http::EscapedSlash escaped : {http::EscapedSlash::Keep, http::EscapedSlash::Refuse})
      normalise(input, {slashes, escaped});
  for (const http::Method method : {http::Method::Get, http::Method::Connect, http::Method::Options})
    parse(input, method);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
