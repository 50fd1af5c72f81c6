// One JSON object on one line, written into a fixed buffer: ASCII alone, every control character, quote, backslash and
// byte above 0x7E escaped (req 59), so no field can end the line or forge another. What does not fit is cut, the object
// stays whole. No heap. Any thread, one at a time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <pintle/runtime/endpoints.hpp>

namespace pintle::observe {

class LogLine {
 public:
  static constexpr std::size_t max_text = 2048;  ///< bytes of one field as received; longer ones end with "..."
  /// Room for every field at its longest, each byte escaped as six.
  static constexpr std::size_t max_length = 64 * 1024;

  /// `room` holds at least max_length.
  explicit LogLine(std::span<char> room) noexcept : start_(room.data()), at_(room.data()), end_(start_ + room.size()) {
    *at_++ = '{';
  }

  /// `name` is a literal with its quotes and colon: R"("http.request.method":)".
  void text(std::string_view name, std::string_view value) noexcept;
  /// Nothing is written for an empty value.
  void text_if(std::string_view name, std::string_view value) noexcept {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::uint64_t value) noexcept;
  /// Nanoseconds as milliseconds with three decimals.
  void milliseconds(std::string_view name, std::int64_t nanoseconds) noexcept;
  void ip(std::string_view name, const runtime::SocketAddress& address) noexcept;
  void ip_and_port(std::string_view name, const runtime::SocketAddress& address) noexcept;
  /// Ends the object and the line; the length of it all.
  [[nodiscard]] std::size_t finish() noexcept;

 private:
  bool begin(std::string_view name, std::size_t value_room) noexcept;
  void raw(std::string_view bytes) noexcept;
  void digits(std::uint64_t value) noexcept;
  void escaped(std::string_view bytes) noexcept;
  void address(const runtime::SocketAddress& address) noexcept;

  char* start_;
  char* at_;
  char* end_;
};

}  // namespace pintle::observe
