// What the fields of a request head mean for its framing, its authority and its connection. The fields are
// syntactically right already. Each rule is a function of its own. Internal to http1.
#pragma once
#include <pintle/http/request.hpp>

namespace pintle::http1 {

/// Reads version, method, target (form) and headers of `head`; fills body, authority, keep_alive, expect_continue,
/// te_trailers, upgrade and nominated. `target_authority`: of an absolute target or CONNECT, else empty.
[[nodiscard]] http::Refusal read_request_semantics(http::RequestHead& head, std::string_view target_authority) noexcept;

}  // namespace pintle::http1
