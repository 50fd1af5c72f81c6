// Strict, incremental parser of HTTP/1 heads (RFC 9112; req 1-12, 18, 20, 23, 28-31, 36-38).
// Guarantees: a head is understood in exactly one way or refused; cutting the input anywhere changes nothing; work is
// linear in the bytes however they arrive; nothing at or after bytes.end() is read; no heap.
// Leaves to others: routing, 405 for TRACE and CONNECT, bodies (chunked.hpp), rewriting (head_edits.hpp).
// Received bytes stay where they are; only a path that is not normal is rewritten in place. Runs on the worker's
// thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <pintle/http/refusal.hpp>
#include <pintle/http/request.hpp>

namespace pintle::http1 {

class RecentLines;

using RequestFields = std::array<http::Field, http::max_request_fields>;
using ResponseFields = std::array<http::Field, http::max_response_fields>;

struct HeadLimits {
  std::uint32_t start_line = 8 * 1024;  ///< beyond: 414
  std::uint32_t field = 16 * 1024;      ///< one line, beyond: 431
  std::uint32_t head = 60 * 1024;       ///< beyond: 431
};
struct RequestRules {
  HeadLimits limits;
  http::PathRules path;
};
inline constexpr HeadLimits response_limits{.start_line = 8 * 1024, .field = 64 * 1024, .head = 64 * 1024};  // req 18

enum class Progress : std::uint8_t { NeedMore, Done, Refused };
struct ParseResult {
  Progress progress = Progress::NeedMore;
  std::size_t consumed = 0;  ///< Done: length of the head, leading empty lines and the final empty line included
  http::Refusal refusal{};   ///< Refused
};

/// Where a head has been read up to; offsets only, so the bytes may move to a larger buffer between calls.
struct LineCursor {
  std::uint32_t line = 0;     ///< start of the line being read
  std::uint32_t scanned = 0;  ///< no line end before here
  std::uint32_t fields = 0;
  std::uint32_t start = 0;  ///< start of the start line
  std::uint8_t blank_lines = 0;
  bool in_fields = false;
  http::FieldSummary seen = http::FieldSummary::none();
};

/// The pieces of "METHOD SP target SP HTTP/x.y CRLF" (RFC 9112 section 3).
struct RequestLine {
  http::Method method = http::Method::Other;
  http::Version version = http::Version::Http11;
  std::uint32_t method_length = 0;
  std::uint32_t target_length = 0;
  std::uint32_t plain_path_length = 0;  ///< not 0: the target is "path[?query]" and normal as it is
};

/// One head after another; `bytes` always begins where the last head ended and grows between calls. After Done or
/// Refused the next call begins a new head. `storage` holds the fields and must stay the same between the calls for one
/// head.
class RequestHeadParser {
 public:
  /// `recent`: field lines of heads like these, shared by all parsers of a worker; null: none.
  explicit RequestHeadParser(RecentLines* recent = nullptr) noexcept : recent_(recent) {}
  [[nodiscard]] ParseResult parse(std::span<char> bytes, const RequestRules& rules, http::RequestHead& out,
                                  std::span<http::Field> storage) noexcept;
  void reset() noexcept { cursor_ = {}; }
  /// Offset of the request line in `bytes` (leading empty lines are skipped); of the head that is Done.
  [[nodiscard]] std::size_t head_start() const noexcept { return head_start_; }

 private:
  /// True if the head is whole and as nearly every client writes one.
  [[nodiscard]] bool read_plainly(std::span<const char> bytes, const HeadLimits& limits,
                                  std::span<http::Field> storage) noexcept;
  [[nodiscard]] struct LineResult read_with_care(std::span<const char> bytes, const HeadLimits& limits,
                                                 std::span<http::Field> storage) noexcept;
  [[nodiscard]] struct LineResult read_start(std::span<const char> bytes, const HeadLimits& limits) noexcept;

  RecentLines* recent_;
  LineCursor cursor_;
  std::uint32_t head_start_ = 0;
  RequestLine line_;
};

/// What the answered request was: it decides how the body is framed, and whether a 101 was asked for.
struct RequestFacts {
  http::Method method = http::Method::Get;
  http::Upgrade upgrade = http::Upgrade::None;
};

/// Same for responses. Refusals are 502 with Reason::UpstreamProtocol: close the upstream connection.
/// 1xx heads are handed on one by one; counting them (req 20) is the caller's.
class ResponseHeadParser {
 public:
  explicit ResponseHeadParser(RecentLines* recent = nullptr) noexcept : recent_(recent) {}
  [[nodiscard]] ParseResult parse(std::span<const char> bytes, const RequestFacts& request, http::ResponseHead& out,
                                  std::span<http::Field> storage) noexcept;
  void reset() noexcept { cursor_ = {}; }

 private:
  void keep(const struct StatusLine& line, const char* base) noexcept;
  /// True if the head is whole and as nearly every server writes one.
  [[nodiscard]] bool read_plainly(std::span<const char> bytes, std::span<http::Field> storage) noexcept;
  [[nodiscard]] struct LineResult read_with_care(std::span<const char> bytes, std::span<http::Field> storage) noexcept;

  RecentLines* recent_;
  LineCursor cursor_;
  http::Version version_ = http::Version::Http11;
  std::uint16_t status_ = 0;
  std::uint32_t reason_offset_ = 0;
  std::uint32_t reason_length_ = 0;
};

}  // namespace pintle::http1
