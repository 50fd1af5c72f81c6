#include <algorithm>

#include "dataplane/http1/head_lines.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/request_semantics.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr std::uint8_t max_blank_lines = 2;  // req 12
constexpr std::uint32_t crlf = 2;

/// The pieces of "METHOD SP target SP HTTP/x.y CRLF" (RFC 9112 section 3).
struct RequestLine {
  std::uint32_t method_length = 0;
  std::uint32_t target_length = 0;
  http::Version version = http::Version::Http11;
  const char* next = nullptr;
};

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

/// "HTTP/1.1\r\n"; 'd' in the pattern stands for a digit.
LineResult read_version(const LineWindow& window, RequestLine& line) noexcept {
  constexpr std::string_view pattern = "HTTP/d.d\r\n";
  const char* const begin = window.begin() + line.method_length + 1 + line.target_length + 1;
  constexpr std::string_view usual = "HTTP/1.1\r\n";
  if (std::string_view(begin, std::min<std::size_t>(usual.size(), static_cast<std::size_t>(window.end() - begin))) ==
      usual) {
    line.version = http::Version::Http11;
    line.next = begin + usual.size();
    return {.progress = Progress::Done};
  }
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (begin + i == window.end()) return window.run_out();
    const bool digit = begin[i] >= '0' && begin[i] <= '9';
    if (pattern[i] == 'd' ? !digit : begin[i] != pattern[i]) {
      return refused(http::bad_request(11, "malformed version in the request line"));
    }
  }
  if (begin[5] != '1' || begin[7] > '1')
    return refused({505, Reason::BadRequest, 11, "version other than 1.0 and 1.1"});
  line.version = begin[7] == '1' ? http::Version::Http11 : http::Version::Http10;
  line.next = begin + pattern.size();
  return {.progress = Progress::Done};
}

LineResult read_request_line(const LineWindow& window, RequestLine& line) noexcept {
  LineResult result = read_method(window, line);
  if (result.progress == Progress::Done) result = read_target(window, line);
  if (result.progress == Progress::Done) result = read_version(window, line);
  return result;
}

/// Splits the target and normalises its path where it stands.
http::Refusal read_target_parts(std::span<char> bytes, const http::PathRules& rules, http::RequestHead& head,
                                http::Target& target) noexcept {
  if (http::Refusal refusal = http::parse_target(head.target, head.method, target)) return refusal;
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

ParseResult RequestHeadParser::parse(std::span<char> bytes, const RequestRules& rules, http::RequestHead& out,
                                     RequestFields& storage) noexcept {
  const auto finish = [this](const LineResult& line) {
    if (line.progress == Progress::Refused) reset();
    return ParseResult{.progress = line.progress, .refusal = line.refusal};
  };
  if (!cursor_.in_fields) {
    if (const LineResult blank = skip_blank_lines(bytes, cursor_); blank.progress != Progress::Done)
      return finish(blank);
    cursor_.start = cursor_.line;
    const LineWindow window(bytes, cursor_.line, rules.limits.start_line, rules.limits.head,
                            {414, Reason::HeaderTooLarge, 23, "request line too long"});
    if (is_still_open(window, bytes, cursor_)) return {};
    RequestLine line;
    if (const LineResult read = read_request_line(window, line); read.progress != Progress::Done) return finish(read);
    version_ = line.version;
    method_length_ = line.method_length;
    target_length_ = line.target_length;
    cursor_.line = static_cast<std::uint32_t>(line.next - bytes.data());
    cursor_.in_fields = true;
  }
  const LineResult fields = read_fields(bytes, rules.limits, storage, cursor_);
  if (fields.progress != Progress::Done) return finish(fields);

  const LineCursor cursor = cursor_;
  head_start_ = cursor.start;
  reset();
  const char* const start = bytes.data() + cursor.start;
  out.version = version_;
  out.method_text = {start, method_length_};
  out.method = http::find_method(out.method_text);
  out.target = {start + method_length_ + 1, target_length_};
  out.headers = {.base = bytes.data(),
                 .fields = std::span<const http::Field>(storage).first(cursor.fields),
                 .summary = cursor.seen};
  http::Target target;
  http::Refusal refusal = read_target_parts(bytes, rules.path, out, target);
  if (!refusal) refusal = read_request_semantics(out, target.authority);
  if (refusal) return {.progress = Progress::Refused, .refusal = refusal};
  return {.progress = Progress::Done, .consumed = cursor.line};
}

}  // namespace pintle::http1
