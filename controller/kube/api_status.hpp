// What the API server says of a request it refused: metav1.Status, as a body or as the object of an ERROR event.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "controller/kube/api.hpp"

namespace pintle::kube {

struct ApiStatus {
  int code = 0;                 ///< HTTP status; of an ERROR event the code inside
  std::string reason;           ///< "Expired", "Forbidden"; empty when the body is no Status
  std::string message;          ///< for people, at most 512 bytes, control characters escaped
  bool future_version = false;  ///< "too large resource version": the server lags behind what was asked for
  std::optional<std::chrono::seconds> retry_after;
};

/// `json` may be anything: what is no Status leaves the fields empty. `code` counts where the text has none.
[[nodiscard]] ApiStatus read_api_status(std::string_view json, int code);
/// Of an answer that is no 2xx; its Retry-After header counts before retryAfterSeconds.
[[nodiscard]] ApiStatus read_api_status(const Response& response);
/// "403 Forbidden: secrets is forbidden: User ..." on one line.
[[nodiscard]] std::string to_string(const ApiStatus& status);

}  // namespace pintle::kube
