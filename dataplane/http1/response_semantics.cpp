#include "dataplane/http1/response_semantics.hpp"

#include <pintle/http/status.hpp>

#include "dataplane/http1/field_values.hpp"

namespace pintle::http1 {
namespace {

using http::Field;
using http::HeaderId;
using http::Refusal;
using http::ResponseHead;

Refusal bad_response(std::uint8_t requirement, std::string_view detail) noexcept {
  return {502, Reason::UpstreamProtocol, requirement, detail};
}

struct Found {
  const Field* content_length = nullptr;
  const Field* coding = nullptr;
  unsigned content_lengths = 0;
  unsigned codings = 0;
  bool websocket = false;
};

/// Most answers have one Content-Length and nothing else of concern, and their summary says so.
bool is_length_alone(const http::FieldSummary& summary) noexcept {
  constexpr auto concerned =
      http::FieldSummary::of(HeaderId::TransferEncoding, HeaderId::Upgrade, HeaderId::Connection);
  return !summary.may_have_any(concerned) && !summary.may_repeat(HeaderId::ContentLength);
}

Refusal read_fields(ResponseHead& head, Found& found, ConnectionTokens& tokens) noexcept {
  if (is_length_alone(head.headers.summary)) {
    found.content_length = head.headers.find(HeaderId::ContentLength);
    found.content_lengths = found.content_length == nullptr ? 0 : 1;
    return {};
  }
  ConnectionReader reader(head.headers, head.nominated);  // protected names are not obeyed, the rest is
  for (const Field& field : head.headers.fields) {
    switch (field.id) {
      case HeaderId::ContentLength:
        found.content_length = &field;
        ++found.content_lengths;
        break;
      case HeaderId::TransferEncoding:
        found.coding = &field;
        ++found.codings;
        break;
      case HeaderId::Upgrade:
        found.websocket |= http::name_equals(head.headers.value(field), "websocket");
        break;
      case HeaderId::Connection:
        if (!reader.read(head.headers.value(field)))
          return bad_response(18, "Connection is not a short list of tokens");
        break;
      default:
        break;
    }
  }
  tokens = reader.tokens();
  return {};
}

Refusal read_framing(const Found& found, ResponseHead& head, const RequestFacts& request) noexcept {
  if (found.codings != 0 && found.content_lengths != 0) {
    return bad_response(18, "both Content-Length and Transfer-Encoding");
  }
  if (found.codings > 1) return bad_response(18, "Transfer-Encoding twice");
  if (found.content_lengths > 1) return bad_response(18, "Content-Length twice");
  if (found.codings == 1) {
    if (head.version == http::Version::Http10) return bad_response(18, "Transfer-Encoding in HTTP/1.0");
    if (!http::name_equals(head.headers.value(*found.coding), "chunked")) {
      return bad_response(18, "Transfer-Encoding is not chunked alone");
    }
  }
  if (found.content_lengths == 1) {
    head.content_length = parse_content_length(head.headers.value(*found.content_length));
    if (!head.content_length) return bad_response(18, "Content-Length is not a number");
  }
  if (request.method == http::Method::Head || http::never_has_body(head.status)) return {};
  if (found.codings == 1) {
    head.body = {.kind = http::BodyKind::Chunked};
  } else if (head.content_length) {
    head.body = {.kind = http::BodyKind::Length, .length = *head.content_length};
  } else {
    head.body = {.kind = http::BodyKind::UntilClose};
  }
  return {};
}

Refusal check_switch(const Found& found, const ResponseHead& head, const RequestFacts& request) noexcept {
  if (head.status != 101) return {};
  if (request.upgrade != http::Upgrade::Websocket) return bad_response(20, "101 that nobody asked for");
  if (head.version != http::Version::Http11 || !found.websocket) return bad_response(20, "101 to something else");
  return {};
}

}  // namespace

Refusal read_response_semantics(ResponseHead& head, const RequestFacts& request) noexcept {
  head.body = {};
  head.content_length.reset();
  head.nominated = {};
  Found found;
  ConnectionTokens tokens;
  if (Refusal refusal = read_fields(head, found, tokens)) return refusal;
  if (Refusal refusal = read_framing(found, head, request)) return refusal;
  if (Refusal refusal = check_switch(found, head, request)) return refusal;
  head.keep_alive = !tokens.close && head.body.kind != http::BodyKind::UntilClose && head.status != 101 &&
                    (head.version == http::Version::Http11 || tokens.keep_alive);
  return {};
}

}  // namespace pintle::http1
