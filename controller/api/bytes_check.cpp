#include "controller/api/bytes_check.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pintle::api {
namespace {

/// RFC 3629 section 4: no overlong forms, no surrogates, nothing past U+10FFFF. 0 if no character begins there.
std::size_t character_length(std::string_view bytes, std::size_t at) noexcept {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned lead = byte(at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > bytes.size()) return 0;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(at + 1) < low || byte(at + 1) > high) return 0;
  for (std::size_t more = 2; more < length; ++more)
    if ((byte(at + more) & 0xC0U) != 0x80U) return 0;
  return length;
}

/// Those that YAML 1.2 (section 5.1) and JSON leave out alike.
bool is_control(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

Position place_of(std::string_view bytes, std::size_t at) noexcept {
  const std::string_view before = bytes.substr(0, at);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
          static_cast<std::uint32_t>(count_characters(before.substr(line_start)) + 1)};
}

}  // namespace

std::size_t count_characters(std::string_view bytes) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(bytes, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view without_mark(std::string_view bytes) noexcept {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return bytes;
}

Finding make_syntax_finding(std::string_view id, const ReadInput& input, Position at, std::string message,
                            std::string fix) {
  return {.id = id,
          .severity = Severity::Error,
          .file = *input.file,
          .line = at.line,
          .column = at.column,
          .object = {},
          .field_path = {},
          .message = std::move(message),
          .fix = std::move(fix)};
}

std::optional<Finding> find_byte_fault(const ReadInput& input) {
  const auto make = [&](std::string_view id, Position at, std::string message, std::string fix) {
    return make_syntax_finding(id, input, at, std::move(message), std::move(fix));
  };
  if (input.bytes.size() > input.limits.bytes)
    return make("GW0105", {1, 1}, fmt::format("the file is larger than {} bytes", input.limits.bytes),
                "split it into several files");
  const std::string_view bytes = without_mark(input.bytes);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = character_length(bytes, at);
    if (length == 0)
      return make("GW0106", place_of(bytes, at),
                  fmt::format("byte 0x{:02x} is not UTF-8", static_cast<unsigned char>(bytes[at])), "save it as UTF-8");
    if (length == 1 && is_control(bytes[at]))
      return make("GW0106", place_of(bytes, at),
                  fmt::format("a control character, byte 0x{:02x}", static_cast<unsigned char>(bytes[at])),
                  "remove it, or write it as an escape in double quotes");
    at += length;
  }
  return std::nullopt;
}

}  // namespace pintle::api
