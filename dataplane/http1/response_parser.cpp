#include "dataplane/http1/head_lines.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/response_semantics.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {

struct StatusLine {
  http::Version version = http::Version::Http11;
  std::uint16_t status = 0;
  const char* reason = nullptr;
  const char* reason_end = nullptr;
};

namespace {

http::Refusal bad_status_line(std::string_view detail) noexcept { return {502, Reason::UpstreamProtocol, 18, detail}; }

/// "HTTP/1.x SP ddd [SP reason] CRLF" (RFC 9112 section 4). A server that leaves out the blank before an empty reason
/// is understood all the same: nothing else can be meant.
LineResult read_status_line(const LineWindow& window, StatusLine& line) noexcept {
  constexpr std::string_view pattern = "HTTP/1.d ddd";
  const char* const begin = window.begin();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (begin + i == window.end()) return window.run_out();
    const bool digit = begin[i] >= '0' && begin[i] <= '9';
    if (pattern[i] == 'd' ? !digit : begin[i] != pattern[i]) return refused(bad_status_line("malformed status line"));
  }
  if (begin[7] > '1') return refused(bad_status_line("version other than 1.0 and 1.1"));
  line.version = begin[7] == '1' ? http::Version::Http11 : http::Version::Http10;
  line.status = static_cast<std::uint16_t>((begin[9] - '0') * 100 + (begin[10] - '0') * 10 + (begin[11] - '0'));
  if (line.status < 100) return refused(bad_status_line("status below 100"));

  const char* const after = begin + pattern.size();
  const char* const stop = Scan::value(after, window.end());
  if (stop != after && *after != ' ') return refused(bad_status_line("status of more than three digits"));
  if (stop == window.end()) return window.run_out();
  if (*stop != '\r') return refused(bad_status_line("control byte in the status line"));
  if (stop + 1 == window.end()) return window.run_out();
  if (stop[1] != '\n') return refused(bad_status_line("bare CR in the status line"));
  line.reason = stop == after ? after : after + 1;
  line.reason_end = stop;
  return {.progress = Progress::Done};
}

/// "HTTP/1.1 SP ddd SP [reason] CRLF", whole, as nearly every server writes it. False: look again with care.
bool read_plain_status_line(const LineBytes& bytes, std::uint32_t limit, StatusLine& line) noexcept {
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::size_t reason = version.size() + 4;
  const char* const p = bytes.base;
  if (bytes.end < reason || std::string_view(p, version.size()) != version || p[reason - 1] != ' ') return false;
  const auto digit = [code = p + version.size()](std::size_t at) { return static_cast<unsigned>(code[at] - '0'); };
  if (digit(0) > 9 || digit(0) == 0 || digit(1) > 9 || digit(2) > 9) return false;
  const char* const end = p + bytes.end;
  const char* const stop = Scan::value(p + reason, end);
  if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n' || static_cast<std::size_t>(stop - p) > limit) return false;
  line.version = http::Version::Http11;
  line.status = static_cast<std::uint16_t>(digit(0) * 100 + digit(1) * 10 + digit(2));
  line.reason = p + reason;
  line.reason_end = stop;
  return true;
}

/// Whatever was wrong with the lines, to the client it is a bad gateway.
http::Refusal as_bad_gateway(const http::Refusal& refusal) noexcept {
  return {502, Reason::UpstreamProtocol, 18, refusal.detail};
}

}  // namespace

void ResponseHeadParser::keep(const StatusLine& line, const char* base) noexcept {
  version_ = line.version;
  status_ = line.status;
  reason_offset_ = static_cast<std::uint32_t>(line.reason - base);
  reason_length_ = static_cast<std::uint32_t>(line.reason_end - line.reason);
  cursor_.line = static_cast<std::uint32_t>(line.reason_end - base) + 2;
  cursor_.in_fields = true;
}

bool ResponseHeadParser::read_plainly(std::span<const char> bytes, std::span<http::Field> storage) noexcept {
  if (may_be_open(cursor_)) return false;
  const LineBytes line_bytes = http1::line_bytes(bytes, response_limits);
  if (!cursor_.in_fields) {
    StatusLine line;
    if (!read_plain_status_line(line_bytes, response_limits.start_line, line)) return false;
    keep(line, bytes.data());
  }
  return plain_reader.fields(line_bytes, response_limits.field, storage, cursor_, recent_);
}

LineResult ResponseHeadParser::read_with_care(std::span<const char> bytes, std::span<http::Field> storage) noexcept {
  if (!cursor_.in_fields) {
    const LineWindow window(bytes, 0, response_limits.start_line, response_limits.head,
                            bad_status_line("status line too long"));
    if (may_be_open(cursor_) && is_still_open(window, bytes, cursor_)) return {};
    StatusLine line;
    if (const LineResult read = read_status_line(window, line); read.progress != Progress::Done) return read;
    keep(line, bytes.data());
  }
  return read_fields(bytes, response_limits, storage, cursor_);
}

ParseResult ResponseHeadParser::parse(std::span<const char> bytes, const RequestFacts& request, http::ResponseHead& out,
                                      std::span<http::Field> storage) noexcept {
  if (!read_plainly(bytes, storage)) {
    const LineResult line = read_with_care(bytes, storage);
    if (line.progress == Progress::NeedMore) {
      note_scanned(bytes, cursor_);
      return {};
    }
    if (line.progress == Progress::Refused) {
      reset();
      return {.progress = line.progress, .refusal = as_bad_gateway(line.refusal)};
    }
  }
  out.version = version_;
  out.status = status_;
  out.reason_text = {bytes.data() + reason_offset_, reason_length_};
  out.headers = {.base = bytes.data(), .fields = std::span(storage.data(), cursor_.fields), .summary = cursor_.seen};
  const std::uint32_t consumed = cursor_.line;
  reset();
  if (const http::Refusal refusal = read_response_semantics(out, request)) {
    return {.progress = Progress::Refused, .refusal = refusal};
  }
  return {.progress = Progress::Done, .consumed = consumed};
}

}  // namespace pintle::http1
