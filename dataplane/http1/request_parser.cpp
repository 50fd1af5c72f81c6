#include <algorithm>

#include "dataplane/http1/head_lines.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/plain_lines.hpp"
#include "dataplane/http1/request_semantics.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr std::uint8_t max_blank_lines = 2;  // req 12
constexpr std::uint32_t crlf = 2;
constexpr std::string_view version_pattern = "HTTP/d.d\r\n";  // 'd' stands for a digit

/// Steps over empty lines. Done: cursor.line is where the request line starts.
LineResult skip_blank_lines(std::span<const char> bytes, LineCursor& cursor) noexcept {
  while (cursor.line < bytes.size()) {
    const char* const p = bytes.data() + cursor.line;
    if (*p == '\n') return refused(http::bad_request(7, "bare LF before the request line"));
    if (*p != '\r') return {.progress = Progress::Done};
    if (cursor.blank_lines == max_blank_lines) {
      return refused(http::bad_request(12, "too many empty lines before the request line"));
    }
    if (cursor.line + 1 == bytes.size()) return {.progress = Progress::NeedMore};
    if (p[1] != '\n') return refused(http::bad_request(7, "bare CR before the request line"));
    cursor.line += crlf;
    ++cursor.blank_lines;
  }
  return {.progress = Progress::NeedMore};
}

LineResult read_method(const LineWindow& window, RequestLine& line) noexcept {
  const char* const begin = window.begin();
  const bool cut = static_cast<std::size_t>(window.end() - begin) > http::max_method_length;
  const char* const end = cut ? begin + http::max_method_length + 1 : window.end();
  const char* const stop = Scan::token(begin, end);
  if (stop == end) return cut ? refused(http::bad_request(36, "method too long")) : window.run_out();
  if (*stop != ' ') return refused(http::bad_request(36, "method is not a token"));
  if (stop == begin) return refused(http::bad_request(5, "blank before the request line"));
  line.method_length = static_cast<std::uint32_t>(stop - begin);
  return {.progress = Progress::Done};
}

LineResult read_target(const LineWindow& window, RequestLine& line) noexcept {
  const char* const begin = window.begin() + line.method_length + 1;
  const char* const stop = Scan::visible(begin, window.end());
  if (stop == window.end()) return window.run_out();
  if (*stop == '\r' || *stop == '\n') return refused(http::bad_request(11, "no version in the request line"));
  if (*stop != ' ') return refused(http::bad_request(31, "byte not allowed in a request target"));
  if (stop == begin) return refused(http::bad_request(31, "no request target"));
  line.target_length = static_cast<std::uint32_t>(stop - begin);
  return {.progress = Progress::Done};
}

LineResult read_version(const LineWindow& window, RequestLine& line) noexcept {
  const char* const begin = window.begin() + line.method_length + 1 + line.target_length + 1;
  for (std::size_t i = 0; i < version_pattern.size(); ++i) {
    if (begin + i == window.end()) return window.run_out();
    const bool digit = begin[i] >= '0' && begin[i] <= '9';
    if (version_pattern[i] == 'd' ? !digit : begin[i] != version_pattern[i]) {
      return refused(http::bad_request(11, "malformed version in the request line"));
    }
  }
  if (begin[5] != '1' || begin[7] > '1')
    return refused({505, Reason::BadRequest, 11, "version other than 1.0 and 1.1"});
  line.version = begin[7] == '1' ? http::Version::Http11 : http::Version::Http10;
  return {.progress = Progress::Done};
}

LineResult read_request_line(const LineWindow& window, RequestLine& line) noexcept {
  LineResult result = read_method(window, line);
  if (result.progress == Progress::Done) result = read_target(window, line);
  if (result.progress == Progress::Done) result = read_version(window, line);
  return result;
}

/// The target is "path[?query]" and normal.
void take_plain_target(std::uint32_t path_length, http::RequestHead& head) noexcept {
  head.form = http::TargetForm::Origin;
  head.path = head.target.substr(0, path_length);
  head.path_changed = false;
  head.has_query = path_length < head.target.size();
  head.query = head.has_query ? head.target.substr(path_length + 1) : std::string_view();
}

/// Splits the target and normalises its path where it stands.
http::Refusal read_target_parts(std::span<char> bytes, const http::PathRules& rules, http::RequestHead& head,
                                std::string_view& authority) noexcept {
  http::Target target;
  if (http::Refusal refusal = http::parse_target(head.target, head.method, target)) return refusal;
  authority = target.authority;
  head.form = target.form;
  head.path = target.path;
  head.query = target.query;
  head.has_query = target.has_query;
  head.path_changed = false;
  const char* const data = head.target.data();
  const bool received = target.path.data() >= data && target.path.data() < data + head.target.size();
  if (!received || target.form == http::TargetForm::Asterisk || target.path.empty()) return {};
  const auto offset = static_cast<std::size_t>(target.path.data() - bytes.data());
  const http::NormalisedPath normal = http::normalise_path(bytes.subspan(offset, target.path.size()), rules);
  if (normal.refusal) return normal.refusal;
  head.path = normal.path;
  head.path_changed = normal.changed;
  return {};
}

}  // namespace

bool RequestHeadParser::read_plainly(std::span<const char> bytes, const HeadLimits& limits,
                                     std::span<http::Field> storage) noexcept {
  if (may_be_open(cursor_)) return false;
  const LineBytes line_bytes = http1::line_bytes(bytes, limits);
  if (!cursor_.in_fields) {
    cursor_.start = cursor_.line;
    if (!plain_reader.request_line(line_bytes, limits.start_line, cursor_, line_)) return false;
    cursor_.in_fields = true;
  }
  return plain_reader.fields(line_bytes, limits.field, storage, cursor_, recent_);
}

LineResult RequestHeadParser::read_with_care(std::span<const char> bytes, const HeadLimits& limits,
                                             std::span<http::Field> storage) noexcept {
  LineResult line{.progress = Progress::Done};
  if (!cursor_.in_fields) line = read_start(bytes, limits);
  if (line.progress == Progress::Done) line = read_fields(bytes, limits, storage, cursor_);
  if (line.progress == Progress::Refused) reset();
  if (line.progress == Progress::NeedMore) note_scanned(bytes, cursor_);
  return line;
}

/// "METHOD SP target SP HTTP/x.y CRLF", after at most two empty lines.
LineResult RequestHeadParser::read_start(std::span<const char> bytes, const HeadLimits& limits) noexcept {
  if (const LineResult blank = skip_blank_lines(bytes, cursor_); blank.progress != Progress::Done) return blank;
  cursor_.start = cursor_.line;
  const LineWindow window(bytes, cursor_.line, limits.start_line, limits.head,
                          {414, Reason::HeaderTooLarge, 23, "request line too long"});
  if (may_be_open(cursor_) && is_still_open(window, bytes, cursor_)) return {};
  if (const LineResult read = read_request_line(window, line_); read.progress != Progress::Done) return read;
  line_.method = http::find_method({window.begin(), line_.method_length});
  line_.plain_path_length = 0;
  cursor_.line +=
      line_.method_length + 1 + line_.target_length + 1 + static_cast<std::uint32_t>(version_pattern.size());
  cursor_.in_fields = true;
  return {.progress = Progress::Done};
}

ParseResult RequestHeadParser::parse(std::span<char> bytes, const RequestRules& rules, http::RequestHead& out,
                                     std::span<http::Field> storage) noexcept {
  if (!read_plainly(bytes, rules.limits, storage)) {
    const LineResult line = read_with_care(bytes, rules.limits, storage);
    if (line.progress != Progress::Done) return {.progress = line.progress, .refusal = line.refusal};
  }
  const char* const start = bytes.data() + cursor_.start;
  out.version = line_.version;
  out.method = line_.method;
  out.method_text = {start, line_.method_length};
  out.target = {start + line_.method_length + 1, line_.target_length};
  out.headers = {.base = bytes.data(), .fields = std::span(storage.data(), cursor_.fields), .summary = cursor_.seen};
  const std::uint32_t consumed = cursor_.line;
  head_start_ = cursor_.start;
  reset();
  std::string_view authority;
  http::Refusal refusal;
  if (line_.plain_path_length != 0)
    take_plain_target(line_.plain_path_length, out);
  else
    refusal = read_target_parts(bytes, rules.path, out, authority);
  if (!refusal) refusal = read_request_semantics(out, authority);
  if (refusal) return {.progress = Progress::Refused, .refusal = refusal};
  return {.progress = Progress::Done, .consumed = consumed};
}

}  // namespace pintle::http1
