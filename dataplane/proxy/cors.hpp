// The fields by which a browser learns that a page of another origin may read an answer (Fetch standard, "CORS
// protocol"). The gateway's word counts alone: what a backend says of it is replaced, so that two words never meet.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/http/request.hpp>
#include <pintle/route/cors.hpp>

#include "dataplane/http1/head_edits.hpp"
#include "dataplane/proxy/own_answer.hpp"

namespace pintle::proxy {

/// Of the answer to a preflight. Without those that allow where the origin is not allowed.
[[nodiscard]] std::vector<AnswerField> preflight_fields(const route::Cors& cors, const http::RequestHead& request);

/// Of an answer the gateway gives itself, and the `others` it has, those of an authorization server for instance, but
/// for their word on this: a page must be able to read why a request failed.
[[nodiscard]] std::vector<AnswerField> answer_fields(const route::Cors& cors, const http::RequestHead& request,
                                                     std::span<const AnswerField> others);

/// Of a backend's answer.
void edit_cors(const route::Cors& cors, const http::RequestHead& request, const http::ResponseHead& response,
               http1::HeadEdits& edits);

}  // namespace pintle::proxy
