// What the bytes of a manifest must be before anyone reads them as YAML or JSON: not too many, UTF-8, no control
// characters. The readers rely on it: yaml-cpp would take some of these characters for others, or for the end.
#pragma once
#include <optional>

#include "controller/api/read.hpp"

namespace pintle::api {

/// An error of the file's syntax: it has a place, but no object or field yet.
[[nodiscard]] Finding make_syntax_finding(std::string_view id, const ReadInput& input, Position at, std::string message,
                                          std::string fix);

/// nullopt if the bytes may be read. Else what is wrong, at the first byte that is.
[[nodiscard]] std::optional<Finding> find_byte_fault(const ReadInput& input);

/// Without the byte order mark that some editors put in front.
[[nodiscard]] std::string_view without_mark(std::string_view bytes) noexcept;

/// How many characters begin in the bytes, which are UTF-8.
[[nodiscard]] std::size_t count_characters(std::string_view bytes) noexcept;

}  // namespace pintle::api
