#include "dataplane/proxy/external_auth.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <pintle/http/connection_field.hpp>

#include "dataplane/proxy/ext_authz.hpp"

namespace pintle::proxy {
namespace {

using http::HeaderId;
using Kind = AuthVerdict::Kind;
using Protocol = route::ExternalAuth::Protocol;

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::any_of(list, [name](const std::string& one) { return http::name_equals(one, name); });
}

/// Those of HTTPAuthConfig.allowedHeaders, which always go, and the gateway's own word on who asks.
bool always_goes(HeaderId id) noexcept {
  switch (id) {
    case HeaderId::Host:
    case HeaderId::Authorization:
    case HeaderId::XForwardedFor:
    case HeaderId::XForwardedProto:
    case HeaderId::XForwardedHost:
      return true;
    default:
      return false;
  }
}

std::string write_http_check(const route::ExternalAuth& auth, const CheckedRequest& checked) {
  const http::RequestHead& request = checked.request;
  std::string text = fmt::format("{} {}{}{}{} HTTP/1.1\r\n", request.method_text, auth.path, request.path,
                                 request.has_query ? "?" : "", request.query);
  for_each_line(checked.head, [&](std::string_view name, std::string_view value) {
    const HeaderId id = http::find_header_id(name);
    if (http::is_connection_field(id) || id == HeaderId::Expect) return;
    if (always_goes(id) || names(auth.request_headers, name)) text += fmt::format("{}: {}\r\n", name, value);
  });
  text += fmt::format("Content-Length: {}\r\n\r\n", checked.body.size());
  text += checked.body;
  return text;
}

}  // namespace

std::string write_check(const route::ExternalAuth& auth, const CheckedRequest& checked) {
  return auth.protocol == Protocol::Http ? write_http_check(auth, checked) : write_grpc_check(auth, checked);
}

http::Method method_of_check(const route::ExternalAuth& auth, const http::RequestHead& request) noexcept {
  return auth.protocol == Protocol::Http ? request.method : http::Method::Post;
}

// ---- the answer -----------------------------------------------------------------------------------------------------

void AuthAnswer::add_head(const http::ResponseHead& head) {
  status_ = head.status;
  for (const http::Field& field : head.headers.fields) {
    if (http::is_connection_field(field.id)) continue;
    fields_.push_back({std::string(head.headers.name(field)), std::string(head.headers.value(field))});
  }
}

void AuthAnswer::add_payload(std::span<const char> payload) {
  too_long_ = too_long_ || body_.size() + payload.size() > max_body;
  if (!too_long_) body_.append(payload.data(), payload.size());
}

AuthVerdict AuthAnswer::fail(std::string_view why) const {
  AuthVerdict verdict;
  verdict.detail = fmt::format("authorization server {}: {}", auth_.name, why);
  return verdict;
}

AuthVerdict AuthAnswer::judge(const http::HeaderView& trailers) const {
  if (too_long_) return fail("its answer is over 64 KiB");
  AuthVerdict verdict = auth_.protocol == Protocol::Http ? judge_http() : judge_grpc(trailers);
  if (verdict.kind == Kind::Failed) return fail(verdict.detail);
  if (verdict.kind == Kind::Denied)
    verdict.detail = fmt::format("authorization server {} answered {}", auth_.name, verdict.status);
  return verdict;
}

AuthVerdict AuthAnswer::judge_http() const {
  AuthVerdict verdict;
  if (status_ == 200) {
    verdict.kind = Kind::Allowed;
    add_request_edits(verdict.request);
  } else if (status_ >= 300 && status_ < 500) {
    verdict.kind = Kind::Denied;
    verdict.status = status_;
    verdict.fields = fields_;
    verdict.body = body_;
  } else {
    verdict.detail = fmt::format("it answered {}", status_);
  }
  return verdict;
}

/// A field that the backend may believe is the server's word alone: what the client sent under a name that the filter
/// lists goes, whether the server has said something or not.
void AuthAnswer::add_request_edits(route::HeaderEdits& edits) const {
  const bool all = auth_.response_headers.empty();
  for (const AuthVerdict::Line& line : fields_) {
    const HeaderId id = http::find_header_id(line.name);
    const bool goes = all ? !http::describes_content(line.name) && !http::name_equals(line.name, "authority")
                          : names(auth_.response_headers, line.name);
    if (!goes || id == HeaderId::Host) continue;
    const bool first = std::ranges::none_of(
        edits.set, [&](const route::HeaderLine& one) { return http::name_equals(one.name, line.name); });
    (first ? edits.set : edits.add).push_back({line.name, line.value, id});
  }
  for (const std::string& name : auth_.response_headers) {
    const bool said =
        std::ranges::any_of(edits.set, [&](const route::HeaderLine& one) { return http::name_equals(one.name, name); });
    if (!said) edits.remove.push_back({name, http::find_header_id(name)});
  }
}

/// Length-prefixed message, then the trailer grpc-status, which stands in the head where there is no message ("gRPC
/// over HTTP2", Responses).
AuthVerdict AuthAnswer::judge_grpc(const http::HeaderView& trailers) const {
  constexpr std::size_t prefix = 5;
  AuthVerdict verdict;
  if (status_ != 200) {
    verdict.detail = fmt::format("it answered {}, which is no gRPC", status_);
    return verdict;
  }
  std::string_view status;
  if (const http::Field* trailer = trailers.find("grpc-status")) status = trailers.value(*trailer);
  for (const AuthVerdict::Line& line : fields_)
    if (status.empty() && http::name_equals(line.name, "grpc-status")) status = line.value;
  if (status != "0") {
    verdict.detail = fmt::format("its call ended with grpc-status {}", status.empty() ? "none" : status);
    return verdict;
  }
  const std::string_view body(body_);
  std::uint32_t length = 0;
  for (std::size_t at = 1; at < prefix && at < body.size(); ++at)
    length = length << 8U | static_cast<std::uint8_t>(body[at]);
  if (body.size() < prefix || body[0] != 0 || length != body.size() - prefix) {
    verdict.detail = "its answer is no single message without compression";
    return verdict;
  }
  return read_check_response(body.substr(prefix));
}

}  // namespace pintle::proxy
