// What the fields of a response head mean for its framing and its connection (RFC 9112 section 6.3). Internal to http1.
#pragma once
#include <pintle/http/request.hpp>

#include "dataplane/http1/head_parser.hpp"

namespace pintle::http1 {

/// Reads version, status and headers of `head`; fills body, content_length, keep_alive and nominated. Refusals are 502.
[[nodiscard]] http::Refusal read_response_semantics(http::ResponseHead& head, const RequestFacts& request) noexcept;

}  // namespace pintle::http1
