#include "dataplane/http1/request_semantics.hpp"

#include "dataplane/http1/field_values.hpp"

namespace pintle::http1 {
namespace {

using http::bad_request;
using http::Field;
using http::HeaderId;
using http::Refusal;
using http::RequestHead;
using http::TargetForm;

/// The fields that matter here, found in one pass.
struct Found {
  const Field* host = nullptr;
  const Field* content_length = nullptr;
  const Field* coding = nullptr;
  bool upgrade = false;
  unsigned hosts = 0;
  unsigned content_lengths = 0;
  unsigned codings = 0;
  bool connection = false;
  bool expect = false;
  bool te = false;
};

/// Most requests have one Host and nothing else of concern, and their summary says so.
bool is_host_alone(const http::FieldSummary& summary) noexcept {
  constexpr auto concerned =
      http::FieldSummary::of(HeaderId::ContentLength, HeaderId::TransferEncoding, HeaderId::Upgrade,
                             HeaderId::Connection, HeaderId::Expect, HeaderId::Te);
  return !summary.may_have_any(concerned) && !summary.may_repeat(HeaderId::Host);
}

static_assert(HeaderId::Host == HeaderId{1} && HeaderId::Upgrade < HeaderId::Expect && HeaderId::Te < HeaderId::Expect);
Found find_fields(const http::HeaderView& headers) noexcept {
  Found found;
  if (is_host_alone(headers.summary)) {
    found.host = headers.find(HeaderId::Host);
    found.hosts = found.host == nullptr ? 0 : 1;
    return found;
  }
  for (const Field& field : headers.fields) {
    if (static_cast<unsigned>(field.id) - 1U >= static_cast<unsigned>(HeaderId::Expect))
      continue;  // Other, or no concern
    switch (field.id) {
      case HeaderId::Host:
        found.host = &field;
        ++found.hosts;
        break;
      case HeaderId::ContentLength:
        found.content_length = &field;
        ++found.content_lengths;
        break;
      case HeaderId::TransferEncoding:
        found.coding = &field;
        ++found.codings;
        break;
      case HeaderId::Upgrade:
        found.upgrade = true;
        break;
      case HeaderId::Connection:
        found.connection = true;
        break;
      case HeaderId::Expect:
        found.expect = true;
        break;
      case HeaderId::Te:
        found.te = true;
        break;
      default:
        break;
    }
  }
  return found;
}

/// RFC 9112 section 6.3 for requests.
Refusal read_framing(const Found& found, RequestHead& head) noexcept {
  if (found.codings != 0) {
    if (found.content_lengths != 0) return bad_request(1, "both Content-Length and Transfer-Encoding");
    if (head.version == http::Version::Http10) return bad_request(3, "Transfer-Encoding in HTTP/1.0");
    if (found.codings > 1) return bad_request(2, "Transfer-Encoding twice");
    if (!http::name_equals(head.headers.value(*found.coding), "chunked")) {
      return bad_request(2, "Transfer-Encoding is not chunked alone");
    }
    head.body = {.kind = http::BodyKind::Chunked};
    return {};
  }
  if (found.content_lengths == 0) return {};
  if (found.content_lengths > 1) return bad_request(4, "Content-Length twice");
  const auto length = parse_content_length(head.headers.value(*found.content_length));
  if (!length) return bad_request(4, "Content-Length is not a number");
  head.body = {.kind = http::BodyKind::Length, .length = *length};
  return {};
}

Refusal read_authority(const Found& found, std::string_view target_authority, RequestHead& head) noexcept {
  if (found.hosts > 1) return bad_request(28, "Host twice");
  if (found.hosts == 0 && head.version == http::Version::Http11) return bad_request(28, "no Host");
  if (found.hosts == 1) {
    head.authority_text = head.headers.value(*found.host);
    if (Refusal refusal = http::parse_authority(head.authority_text, head.authority)) return refusal;
  } else {
    head.authority.length = 0;
    head.authority.port = 0;
  }
  if (head.form != TargetForm::Absolute && head.form != TargetForm::Authority) return {};
  // RFC 9112 section 3.2.2: the target's authority stands, whatever Host says (req 29).
  head.authority_text = target_authority;
  if (Refusal refusal = http::parse_authority(target_authority, head.authority)) return refusal;
  if (head.form == TargetForm::Authority && head.authority.port == 0) return bad_request(31, "CONNECT without a port");
  return {};
}

Refusal read_connection(const Found& found, RequestHead& head, ConnectionTokens& tokens) noexcept {
  if (found.connection) {
    ConnectionReader reader(head.headers, head.nominated);
    for (const Field& field : head.headers.fields) {
      if (field.id == HeaderId::Connection && !reader.read(head.headers.value(field))) {
        return bad_request(25, "Connection is not a short list of tokens");
      }
    }
    if (reader.nominates_protected()) return bad_request(25, "Connection names a field that must arrive");
    tokens = reader.tokens();
  }
  head.keep_alive = !tokens.close && (head.version == http::Version::Http11 || tokens.keep_alive);
  return {};
}

/// RFC 9110 section 10.1.1: in HTTP/1.0 the expectation is ignored; without a body there is nothing to wait for.
Refusal read_expect(RequestHead& head) noexcept {
  for (const Field& field : head.headers.fields) {
    if (field.id != HeaderId::Expect) continue;
    if (!http::name_equals(head.headers.value(field), "100-continue")) {
      return {417, Reason::BadRequest, 38, "expectation other than 100-continue"};
    }
    head.expect_continue = head.version == http::Version::Http11 && !head.body.empty();
  }
  return {};
}

/// Several Upgrade lines: one that offers websocket is enough.
bool offers_websocket(const http::HeaderView& headers) noexcept {
  for (const Field& field : headers.fields) {
    if (field.id != HeaderId::Upgrade) continue;
    ListReader list(headers.value(field));
    std::string_view protocol;
    while (list.next(protocol)) {
      if (http::name_equals(protocol, "websocket")) return true;
    }
  }
  return false;
}

/// req 37. Anything but a WebSocket handshake (RFC 6455 section 4.1) leaves upgrade at None: the field is stripped
/// later.
Refusal read_upgrade(const ConnectionTokens& tokens, RequestHead& head) noexcept {
  if (!tokens.upgrade || head.version != http::Version::Http11 || !offers_websocket(head.headers)) return {};
  if (!head.body.empty()) return bad_request(37, "upgrade request with a body");
  if (head.method == http::Method::Get) head.upgrade = http::Upgrade::Websocket;
  return {};
}

bool accepts_trailers(const http::HeaderView& headers) noexcept {
  for (const Field& field : headers.fields) {
    if (field.id != HeaderId::Te) continue;
    ListReader list(headers.value(field));
    std::string_view coding;
    while (list.next(coding)) {
      if (http::name_equals(coding, "trailers")) return true;
    }
  }
  return false;
}

}  // namespace

Refusal read_request_semantics(RequestHead& head, std::string_view target_authority) noexcept {
  head.body = {};
  head.expect_continue = false;
  head.te_trailers = false;
  head.upgrade = http::Upgrade::None;
  head.nominated = {};
  head.authority_text = {};
  const Found found = find_fields(head.headers);
  if (Refusal refusal = read_framing(found, head)) return refusal;
  if (Refusal refusal = read_authority(found, target_authority, head)) return refusal;
  ConnectionTokens tokens;
  if (Refusal refusal = read_connection(found, head, tokens)) return refusal;
  if (found.expect) {
    if (Refusal refusal = read_expect(head)) return refusal;
  }
  if (found.upgrade) {
    if (Refusal refusal = read_upgrade(tokens, head)) return refusal;
  }
  head.te_trailers = found.te && accepts_trailers(head.headers);
  return {};
}

}  // namespace pintle::http1
