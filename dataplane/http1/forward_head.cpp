#include "dataplane/http1/forward_head.hpp"

#include <array>

#include <fmt/format.h>

#include <pintle/http/connection_field.hpp>

#include "dataplane/http1/field_values.hpp"

namespace pintle::http1 {
namespace {

using http::Field;
using http::HeaderId;
using http::RequestHead;
using http::ResponseHead;

/// Received name with '_' for '-': a server that maps both to one variable would take it for the managed field (req
/// 26).
bool is_underscore_spelling(std::string_view name) noexcept {
  std::array<char, 32> hyphens;
  if (name.size() > hyphens.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) hyphens[i] = name[i] == '_' ? '-' : name[i];
  const std::string_view spelled(hyphens.data(), name.size());
  const HeaderId id = http::find_header_id(spelled);
  return is_protected_field(id) || http::is_connection_field(id) || id == HeaderId::ProxyAuthorization ||
         (spelled.size() > 12 && http::name_equals(spelled.substr(0, 12), "x-forwarded-"));
}

bool drops_by_name(std::string_view name, UnderscoreNames underscores) noexcept {
  if (name.size() == 5 && http::name_equals(name, "proxy"))
    return true;  // would become HTTP_PROXY in a CGI environment
  if (name.find('_') == std::string_view::npos) return false;
  return underscores == UnderscoreNames::Drop || is_underscore_spelling(name);
}

/// "METHOD target HTTP/1.x" becomes origin-form and HTTP/1.1 by cuts; only a rewritten path is written anew.
void edit_request_line(const RequestHead& request, const RequestForwarding& forwarding, HeadEdits& edits) {
  const char* const target_end = request.target.data() + request.target.size();
  const bool in_target = request.path.data() >= request.target.data() && request.path.data() <= target_end;
  const std::string_view path = forwarding.path.value_or(request.path);
  // Everything before the query goes when the path is not the received one; else what stands around it: scheme and
  // authority before, the gap that normalisation left behind.
  const char* const tail = request.has_query ? request.query.data() - 1 : target_end;
  const auto part = [](const char* begin, const char* end) {
    return std::string_view(begin, static_cast<std::size_t>(end - begin));
  };
  if (forwarding.path || !in_target) {
    edits.replace(part(request.target.data(), tail), path);
  } else {
    if (path.data() != request.target.data()) edits.replace(part(request.target.data(), path.data()), {});
    if (path.data() + path.size() != tail) edits.replace(part(path.data() + path.size(), tail), {});
  }
  if (request.version == http::Version::Http10) {
    constexpr std::size_t minor_digit = std::string_view(" HTTP/1.").size();
    edits.replace({target_end + minor_digit, 1}, "1");
  }
}

/// Exactly one Host: the received one where it says the same, else a new one.
void edit_host(const RequestHead& request, const RequestForwarding& forwarding, HeadEdits& edits) {
  const Field* const received = request.headers.find(HeaderId::Host);
  const std::string_view host = forwarding.host.empty() ? request.authority_text : forwarding.host;
  if (received == nullptr) {
    edits.append(HeaderId::Host, host);
    return;
  }
  const std::string_view value = request.headers.value(*received);
  const bool same_bytes = value.data() == host.data() && value.size() == host.size();  // the usual case
  if (!same_bytes && value != host) edits.replace(value, host);
}

/// One blank before the value and none behind it.
bool is_written_plainly(std::string_view name, std::string_view value) noexcept {
  const char* const blank = name.data() + name.size() + 1;
  return *blank == ' ' && value.data() == blank + 1 && value.data()[value.size()] == '\r';
}

/// All behind the colon anew: framing goes on as every server reads it, and not all take a tab there (req 17).
void rewrite_value(std::string_view name, std::string_view value, std::string_view plain, HeadEdits& edits) {
  const char* const begin = name.data() + name.size() + 1;
  const char* end = value.data() + value.size();
  while (*end != '\r') ++end;
  edits.replace({begin, static_cast<std::size_t>(end - begin)}, fmt::format(" {}", plain));
}

/// "005" is understood and sent on as "5" (req 4).
void edit_content_length(const http::HeaderView& headers, const Field& field, std::uint64_t length, HeadEdits& edits) {
  const std::string_view name = headers.name(field);
  const std::string_view value = headers.value(field);
  if (is_written_plainly(name, value) && (value.front() != '0' || value.size() == 1)) return;
  rewrite_value(name, value, fmt::format_int(length).str(), edits);
}

void edit_transfer_encoding(const http::HeaderView& headers, const Field& field, HeadEdits& edits) {
  constexpr std::string_view chunked = "chunked";
  const std::string_view name = headers.name(field);
  const std::string_view value = headers.value(field);
  if (!is_written_plainly(name, value) || value != chunked) rewrite_value(name, value, chunked, edits);
}

bool drops_request_field(const RequestHead& request, std::size_t index, UnderscoreNames underscores) noexcept {
  const Field& field = request.headers.fields[index];
  switch (field.id) {
    case HeaderId::Connection:
    case HeaderId::KeepAlive:
    case HeaderId::ProxyConnection:
    case HeaderId::Upgrade:
    case HeaderId::Te:
      return true;
    case HeaderId::Trailer:
      return request.body.kind != http::BodyKind::Chunked || !request.te_trailers || request.nominated.contains(index);
    case HeaderId::Expect:
      return !request.expect_continue;
    case HeaderId::Other:
      return request.nominated.contains(index) || drops_by_name(request.headers.name(field), underscores);
    default:
      return request.nominated.contains(index);
  }
}

/// Drops what is not forwarded and writes framing plainly, field by field. Most heads hold nothing of the kind, and
/// their summary says so.
void edit_request_fields(const RequestHead& request, UnderscoreNames underscores, HeadEdits& edits) {
  constexpr auto concerned = http::FieldSummary::of(
      HeaderId::Connection, HeaderId::KeepAlive, HeaderId::ProxyConnection, HeaderId::Upgrade, HeaderId::Te,
      HeaderId::Trailer, HeaderId::Expect, HeaderId::ContentLength, HeaderId::TransferEncoding);
  const http::FieldSummary& summary = request.headers.summary;
  if (!summary.may_have_any(concerned) && !summary.may_have_odd_name()) return;  // none is nominated without Connection
  for (std::size_t i = 0; i < request.headers.fields.size(); ++i) {
    const Field& field = request.headers.fields[i];
    if (drops_request_field(request, i, underscores)) {
      edits.remove_at(i);
    } else if (field.id == HeaderId::ContentLength) {
      edit_content_length(request.headers, field, request.body.length, edits);
    } else if (field.id == HeaderId::TransferEncoding) {
      edit_transfer_encoding(request.headers, field, edits);
    }
  }
}

/// RFC 9112 section 6.1, RFC 9110 section 8.6: none on 1xx and 204.
void edit_response_length(const ResponseHead& response, std::size_t index, HeadEdits& edits) {
  if (response.status < 200 || response.status == 204)
    edits.remove_at(index);
  else
    edit_content_length(response.headers, response.headers.fields[index], *response.content_length, edits);
}

/// Drops what is not forwarded and writes framing plainly, as edit_request_fields() does.
void edit_response_fields(const ResponseHead& response, const ResponseForwarding& forwarding, HeadEdits& edits) {
  constexpr auto concerned =
      http::FieldSummary::of(HeaderId::Connection, HeaderId::KeepAlive, HeaderId::ProxyConnection, HeaderId::Upgrade,
                             HeaderId::Trailer, HeaderId::TransferEncoding);
  const http::HeaderView& headers = response.headers;
  if (!headers.summary.may_have_any(concerned) && !headers.summary.may_repeat(HeaderId::ContentLength)) {
    if (const Field* length = headers.find(HeaderId::ContentLength))
      edit_response_length(response, static_cast<std::size_t>(length - headers.fields.data()), edits);
    return;
  }
  for (std::size_t i = 0; i < response.headers.fields.size(); ++i) {
    const Field& field = response.headers.fields[i];
    switch (field.id) {
      case HeaderId::Connection:
      case HeaderId::KeepAlive:
      case HeaderId::ProxyConnection:
        edits.remove_at(i);
        break;
      case HeaderId::Upgrade:
        if (response.status != 101) edits.remove_at(i);
        break;
      case HeaderId::Trailer:
        if (forwarding.trailers == Trailers::Drop || response.nominated.contains(i)) edits.remove_at(i);
        break;
      case HeaderId::TransferEncoding:
        if (response.body.kind != http::BodyKind::Chunked || forwarding.client == http::Version::Http10) {
          edits.remove_at(i);
        } else {
          edit_transfer_encoding(response.headers, field, edits);
        }
        break;
      case HeaderId::ContentLength:
        edit_response_length(response, i, edits);
        break;
      default:
        if (response.nominated.contains(i)) edits.remove_at(i);
        break;
    }
  }
}

}  // namespace

void edit_request(const RequestHead& request, const RequestForwarding& forwarding, HeadEdits& edits) {
  edit_request_line(request, forwarding, edits);
  edit_request_fields(request, forwarding.underscores, edits);
  edit_host(request, forwarding, edits);
  if (request.upgrade == http::Upgrade::Websocket) {
    edits.append(HeaderId::Connection, "Upgrade");
    edits.append(HeaderId::Upgrade, "websocket");
  } else if (request.te_trailers) {
    edits.append(HeaderId::Connection, "TE");  // RFC 9110 section 10.1.4
    edits.append(HeaderId::Te, "trailers");
  }
}

http::BodyFraming edit_response(const ResponseHead& response, const ResponseForwarding& forwarding, HeadEdits& edits) {
  const bool old_client = forwarding.client == http::Version::Http10;
  const bool open_ended =
      response.body.kind == http::BodyKind::Chunked || response.body.kind == http::BodyKind::UntilClose;
  const bool switching = response.status == 101;
  edit_response_fields(response, forwarding, edits);
  // RFC 9112 section 4: the blank stands also before an empty reason.
  if (constexpr std::size_t after_status = 12; edits.head()[after_status] == '\r')
    edits.replace(edits.head().substr(after_status, 0), " ");
  if (response.version == http::Version::Http10) edits.replace({edits.head().data() + 7, 1}, "1");

  http::BodyFraming framing = response.body;
  if (open_ended) framing.kind = old_client ? http::BodyKind::UntilClose : http::BodyKind::Chunked;
  if (response.body.kind == http::BodyKind::UntilClose && !old_client)
    edits.append(HeaderId::TransferEncoding, "chunked");
  if (switching) {
    edits.append(HeaderId::Connection, "Upgrade");
  } else if (response.is_interim()) {
    return framing;
  } else if (framing.kind == http::BodyKind::UntilClose || !forwarding.keep_alive) {
    edits.append(HeaderId::Connection, "close");
  } else if (old_client) {
    edits.append(HeaderId::Connection, "keep-alive");
  }
  return framing;
}

}  // namespace pintle::http1
