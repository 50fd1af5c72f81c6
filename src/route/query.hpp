// Query parameters as matching sees them: pairs between '&', name and value at the first '='. Both are decoded before
// they are compared: %XX to its byte, '+' to a space (application/x-www-form-urlencoded, WHATWG URL section 5.1); a '%'
// that starts no escape stands for itself. Of a repeated name the first value counts (HTTPQueryParamMatch).
#pragma once
#include <optional>
#include <string_view>

#include "src/route/scratch.hpp"

namespace pintle::route {

/// The value of the first parameter of this name, as written in the query (not decoded).
[[nodiscard]] std::optional<std::string_view> find_query_value(std::string_view query, std::string_view name) noexcept;

/// True if the encoded text stands for this plain text.
[[nodiscard]] bool decodes_to(std::string_view encoded, std::string_view plain) noexcept;

/// True if it has to be decoded at all.
[[nodiscard]] inline bool is_encoded(std::string_view text) noexcept {
  return text.find_first_of("%+") != std::string_view::npos;
}
void append_decoded(Scratch& out, std::string_view encoded);

}  // namespace pintle::route
