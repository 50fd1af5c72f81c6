// The field lines of the last head, by place: clients and backends say most of them again and again, and a line that is
// the same byte for byte means the same, so it is compared instead of read. One for the requests and one for the
// responses of a worker. Internal to http1 but for who owns it.
//  - guarantees: what is taken from here is what reading the line would have given (plain_lines.hpp keeps only lines it
//    has read itself, whole, within every limit).
//  - leaks nothing by its pace: lines are compared in blocks of 32 bytes, so a guess at a value is either right in
//  whole
//    blocks or tells nothing. Credentials that have a name of their own are not kept all the same.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <pintle/http/headers.hpp>

namespace pintle::http1 {

struct RecentLine {
  static constexpr std::size_t longest = 160;

  http::Field field;         ///< offsets count from the start of the line
  std::uint32_t length = 0;  ///< with CRLF; 0: none
  bool odd_name = false;     ///< FieldSummary::add_odd_name()
  std::array<char, longest> bytes{};
};

class RecentLines {
 public:
  static constexpr std::size_t most = 16;

  /// From that place on, as far as lines are kept.
  [[nodiscard]] std::span<RecentLine> from(std::size_t place) noexcept {
    return std::span(lines_).subspan(std::min(place, most));
  }

  /// `line` is `length` bytes with its CRLF; `field` is what it says, with offsets from its start.
  static void keep(RecentLine& place, const char* line, std::size_t length, const http::Field& field,
                   bool odd_name) noexcept {
    place.length = 0;
    if (length > RecentLine::longest || is_credential(field.id)) return;
    std::memcpy(place.bytes.data(), line, length);
    place.length = static_cast<std::uint32_t>(length);
    place.field = field;
    place.odd_name = odd_name;
  }

 private:
  static bool is_credential(http::HeaderId id) noexcept {
    constexpr auto credentials =
        http::FieldSummary::of(http::HeaderId::Authorization, http::HeaderId::ProxyAuthorization,
                               http::HeaderId::Cookie, http::HeaderId::SetCookie);
    return credentials.may_have(id);
  }

  std::array<RecentLine, most> lines_{};
};

}  // namespace pintle::http1
