#include "dataplane/proxy/cors.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace pintle::proxy {
namespace {

constexpr std::string_view allow_origin = "Access-Control-Allow-Origin";
constexpr std::string_view allow_credentials = "Access-Control-Allow-Credentials";
constexpr std::string_view expose_headers = "Access-Control-Expose-Headers";
constexpr std::array<std::string_view, 6> answer_words{allow_origin,
                                                       allow_credentials,
                                                       expose_headers,
                                                       "Access-Control-Allow-Methods",
                                                       "Access-Control-Allow-Headers",
                                                       "Access-Control-Max-Age"};

std::string_view value_of(const http::RequestHead& request, std::string_view name) noexcept {
  const http::Field* field = request.headers.find(name);
  return field == nullptr ? std::string_view() : request.headers.value(*field);
}

std::string_view origin_of(const http::RequestHead& request) noexcept {
  const http::Field* field = request.headers.find(http::HeaderId::Origin);
  return field == nullptr ? std::string_view() : request.headers.value(*field);
}

/// "*" is no wildcard to who sends credentials: then what was asked for is said.
std::string_view say(const route::Cors& cors, std::string_view allowed, std::string_view asked) noexcept {
  return allowed == "*" && cors.credentials ? asked : allowed;
}

bool is_same_for_all(const route::Cors& cors) noexcept { return cors.any_origin && !cors.credentials; }

/// Hands on the fields that every answer to an allowed origin has.
template <class Put>
void put_common(const route::Cors& cors, std::string_view origin, std::string_view exposed, Put&& put) {
  put(allow_origin, is_same_for_all(cors) ? std::string_view("*") : origin);
  if (cors.credentials) put(allow_credentials, "true");
  if (!exposed.empty()) put(expose_headers, exposed);
}

std::string names_of(const http::HeaderView& headers) {
  std::string names;
  for (const http::Field& field : headers.fields) {
    if (!names.empty()) names += ", ";
    names += headers.name(field);
  }
  return names;
}

}  // namespace

std::vector<AnswerField> preflight_fields(const route::Cors& cors, const http::RequestHead& request) {
  std::vector<AnswerField> fields;
  const auto put = [&fields](std::string_view name, std::string_view value) {
    if (!value.empty()) fields.push_back({name, value});
  };
  if (!is_same_for_all(cors)) put("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers");
  const std::string_view origin = origin_of(request);
  if (!route::allows_origin(cors, origin)) return fields;
  put_common(cors, origin, say(cors, cors.exposed, {}), put);
  put("Access-Control-Allow-Methods", say(cors, cors.methods, value_of(request, "access-control-request-method")));
  put("Access-Control-Allow-Headers", say(cors, cors.headers, value_of(request, "access-control-request-headers")));
  put("Access-Control-Max-Age", cors.max_age);
  return fields;
}

std::vector<AnswerField> answer_fields(const route::Cors& cors, const http::RequestHead& request,
                                       std::span<const AnswerField> others) {
  std::vector<AnswerField> fields;
  const auto put = [&fields](std::string_view name, std::string_view value) { fields.push_back({name, value}); };
  if (!is_same_for_all(cors)) put("Vary", "Origin");
  const std::string_view origin = origin_of(request);
  if (!origin.empty() && route::allows_origin(cors, origin)) put_common(cors, origin, say(cors, cors.exposed, {}), put);
  std::ranges::copy_if(others, std::back_inserter(fields), [](const AnswerField& other) {
    return std::ranges::none_of(answer_words,
                                [&](std::string_view word) { return http::name_equals(other.name, word); });
  });
  return fields;
}

void edit_cors(const route::Cors& cors, const http::RequestHead& request, const http::ResponseHead& response,
               http1::HeadEdits& edits) {
  for (const std::string_view word : answer_words) edits.remove(word);
  if (!is_same_for_all(cors)) edits.append("Vary", "Origin");
  const std::string_view origin = origin_of(request);
  if (origin.empty() || !route::allows_origin(cors, origin)) return;
  const bool all_by_name = cors.exposed == "*" && cors.credentials;
  put_common(cors, origin, all_by_name ? names_of(response.headers) : cors.exposed,
             [&edits](std::string_view name, std::string_view value) { edits.append(name, value); });
}

}  // namespace pintle::proxy
