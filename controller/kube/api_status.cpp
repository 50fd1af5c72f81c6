#include "controller/kube/api_status.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/api/document.hpp"

namespace pintle::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_message = 512;

[[nodiscard]] std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

[[nodiscard]] std::optional<std::int64_t> number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

/// Servers before 1.19 tell it by the message alone.
[[nodiscard]] bool says_future_version(const Json& details, std::string_view message) {
  const auto causes = details.find("causes");
  if (causes != details.end() && causes->is_array())
    for (const Json& cause : *causes)
      if (cause.is_object() && text_of(cause, "reason") == "ResourceVersionTooLarge") return true;
  return message.find("Too large resource version") != std::string_view::npos;
}

}  // namespace

ApiStatus read_api_status(std::string_view json, int code) {
  ApiStatus out;
  out.code = code;
  const Json body = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || text_of(body, "kind") != "Status") return out;
  if (const auto inside = number_of(body, "code"); inside && *inside >= 100 && *inside <= 599)
    out.code = static_cast<int>(*inside);
  out.reason = text_of(body, "reason");
  const std::string message = text_of(body, "message");
  out.message = api::visible(std::string_view(message).substr(0, longest_message));
  const auto found = body.find("details");
  const Json details = found != body.end() && found->is_object() ? *found : Json::object();
  out.future_version = says_future_version(details, message);
  if (const auto seconds = number_of(details, "retryAfterSeconds"); seconds && *seconds > 0)
    out.retry_after = std::chrono::seconds(std::min<std::int64_t>(*seconds, 86'400));
  return out;
}

ApiStatus read_api_status(const Response& response) {
  ApiStatus out = read_api_status(response.body, response.status);
  out.code = response.status;
  if (response.retry_after) out.retry_after = response.retry_after;
  return out;
}

std::string to_string(const ApiStatus& status) {
  std::string out = fmt::format("{}", status.code);
  if (!status.reason.empty()) out += fmt::format(" {}", api::visible(status.reason));
  if (!status.message.empty()) out += fmt::format(": {}", status.message);
  return out;
}

}  // namespace pintle::kube
