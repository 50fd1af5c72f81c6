// What becomes of a request, walked over the very tables that serve: the head goes through the parser of the data
// plane, the decision through route::find_route. Pure: a Compiled and a request in, a JSON value out. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <pintle/base/error.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::app {

struct ExplainRequest {
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value"
  std::string sni;                   ///< empty: the URL's host, none for an IP
};

/// The walk: request, listener, TLS, rules with the first condition that failed, filters, backends, answer. `served` is
/// false if the gateway itself would answer with an error. Fails only if the URL is none.
[[nodiscard]] Result<nlohmann::ordered_json> explain_request(const runtime::Compiled& compiled,
                                                             const ExplainRequest& request);

/// The same for people.
[[nodiscard]] std::string explain_text(const nlohmann::ordered_json& walk);

}  // namespace pintle::app
