// What a plain YAML scalar means, as kubectl reads it.
#pragma once
#include <string>

#include "controller/api/document.hpp"

namespace pintle::api {

/// Sets type, integer and text. `text` as written.
void resolve_plain_scalar(Value& value, std::string text);

}  // namespace pintle::api
