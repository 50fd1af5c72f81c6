#include "dataplane/http1/head_lines.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/http1/response_semantics.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

http::Refusal bad_status_line(std::string_view detail) noexcept { return {502, Reason::UpstreamProtocol, 18, detail}; }

struct StatusLine {
  http::Version version = http::Version::Http11;
  std::uint16_t status = 0;
  const char* reason = nullptr;
  const char* reason_end = nullptr;
};

/// "HTTP/1.x SP ddd [SP reason] CRLF" (RFC 9112 section 4). A server that leaves out the blank before an empty reason
/// is understood all the same: nothing else can be meant.
LineResult read_status_line(const LineWindow& window, StatusLine& line) noexcept {
  constexpr std::string_view pattern = "HTTP/1.d ddd";
  constexpr std::string_view usual_version = "HTTP/1.1 ";
  const char* const begin = window.begin();
  const bool usual = std::string_view(begin, window.end()).starts_with(usual_version);
  for (std::size_t i = usual ? usual_version.size() : 0; i < pattern.size(); ++i) {
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

/// Whatever was wrong with the lines, to the client it is a bad gateway.
http::Refusal as_bad_gateway(const http::Refusal& refusal) noexcept {
  return {502, Reason::UpstreamProtocol, 18, refusal.detail};
}

}  // namespace

ParseResult ResponseHeadParser::parse(std::span<const char> bytes, const RequestFacts& request, http::ResponseHead& out,
                                      ResponseFields& storage) noexcept {
  const auto finish = [this, bytes](const LineResult& line) {
    if (line.progress != Progress::Refused) {
      note_scanned(bytes, cursor_);
      return ParseResult{.progress = line.progress};
    }
    reset();
    return ParseResult{.progress = line.progress, .refusal = as_bad_gateway(line.refusal)};
  };
  if (!cursor_.in_fields) {
    const LineWindow window(bytes, 0, response_limits.start_line, response_limits.head,
                            bad_status_line("status line too long"));
    if (may_be_open(cursor_) && is_still_open(window, bytes, cursor_)) return finish({});
    StatusLine line;
    if (const LineResult read = read_status_line(window, line); read.progress != Progress::Done) return finish(read);
    version_ = line.version;
    status_ = line.status;
    reason_offset_ = static_cast<std::uint32_t>(line.reason - bytes.data());
    reason_length_ = static_cast<std::uint32_t>(line.reason_end - line.reason);
    cursor_.line = static_cast<std::uint32_t>(line.reason_end - bytes.data()) + 2;
    cursor_.in_fields = true;
  }
  const LineResult fields = read_fields(bytes, response_limits, storage, cursor_);
  if (fields.progress != Progress::Done) return finish(fields);

  const LineCursor cursor = cursor_;
  reset();
  out.version = version_;
  out.status = status_;
  out.reason_text = {bytes.data() + reason_offset_, reason_length_};
  out.headers = {.base = bytes.data(),
                 .fields = std::span<const http::Field>(storage).first(cursor.fields),
                 .summary = cursor.seen};
  if (const http::Refusal refusal = read_response_semantics(out, request)) {
    return {.progress = Progress::Refused, .refusal = refusal};
  }
  return {.progress = Progress::Done, .consumed = cursor.line};
}

}  // namespace pintle::http1
