#include "dataplane/proxy/ext_authz.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include <pintle/base/clock.hpp>
#include <pintle/http/connection_field.hpp>

#include "dataplane/http1/scan.hpp"
#include "dataplane/proxy/protobuf.hpp"

namespace pintle::proxy {
namespace {

using http::HeaderId;

// ---- CheckRequest ---------------------------------------------------------------------------------------------------

/// RFC 3629, without the overlong and the surrogates.
bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
    const unsigned first = byte(at);
    const unsigned second = byte(at + 1);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0 || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F))
      return false;
    for (std::size_t i = 1; i < length; ++i)
      if ((byte(at + i) & 0xC0U) != 0x80) return false;
    at += length;
  }
  return true;
}

/// Text of Protocol Buffers is UTF-8, fields of HTTP need not be.
std::string to_text(std::string_view value) {
  std::string text(value);
  if (!is_utf8(value)) std::ranges::replace_if(text, [](char c) { return static_cast<std::uint8_t>(c) >= 0x80; }, '!');
  return text;
}

/// AttributeContext.Peer with the one Address it has.
std::string write_peer(const runtime::SocketAddress& address) {
  std::string ip = runtime::to_string(address);
  ip.resize(std::min(ip.rfind(':'), ip.size()));
  if (ip.starts_with('[')) ip = ip.substr(1, ip.size() - 2);
  std::string socket_address;
  ProtoWriter(socket_address).text(2, ip);
  ProtoWriter(socket_address).number(3, address.port);
  std::string made;
  ProtoWriter(made).text(1, socket_address);
  std::string peer;
  ProtoWriter(peer).text(1, made);
  return peer;
}

/// Names in small letters; fields of one name are one, as lists and cookies are joined.
std::map<std::string, std::string> collect_fields(const route::ExternalAuth& auth, std::string_view head) {
  std::map<std::string, std::string> fields;
  for_each_line(head, [&](std::string_view name, std::string_view value) {
    const auto is_it = [name](const std::string& one) { return http::name_equals(one, name); };
    if (!auth.request_headers.empty() && std::ranges::none_of(auth.request_headers, is_it)) return;
    std::string key(name);
    std::ranges::transform(key, key.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto [at, fresh] = fields.try_emplace(std::move(key), value);
    if (!fresh) at->second += fmt::format("{}{}", at->first == "cookie" ? "; " : ",", value);
  });
  return fields;
}

std::string_view protocol_of(http::Version version) noexcept {
  switch (version) {
    case http::Version::Http10:
      return "HTTP/1.0";
    case http::Version::Http11:
      return "HTTP/1.1";
    case http::Version::Http2:
      return "HTTP/2";
  }
  return "HTTP/1.1";
}

/// "namespace/service:port" as a host of the cluster.
std::string authority_of(std::string_view name) {
  const std::size_t slash = name.find('/');
  const std::size_t colon = name.rfind(':');
  return fmt::format("{}.{}.svc{}", name.substr(slash + 1, colon - slash - 1), name.substr(0, slash),
                     name.substr(colon));
}

/// AttributeContext.HttpRequest.
std::string write_http_request(const route::ExternalAuth& auth, const CheckedRequest& checked) {
  const http::RequestHead& request = checked.request;
  std::string made;
  ProtoWriter out(made);
  if (const http::Field* id = request.headers.find(HeaderId::XRequestId))
    out.text(1, to_text(request.headers.value(*id)));
  out.text(2, request.method_text);
  for (const auto& [name, value] : collect_fields(auth, checked.head)) {
    std::string entry;
    ProtoWriter(entry).text(1, name);
    ProtoWriter(entry).text(2, to_text(value));
    out.text(3, entry);
  }
  out.text(4, to_text(fmt::format("{}{}{}", request.path, request.has_query ? "?" : "", request.query)));
  out.text(5, request.authority_text);
  out.text(6, checked.scheme);
  const bool length_known = request.body.kind != http::BodyKind::Chunked;
  out.number(9, length_known ? request.body.length : ~std::uint64_t{0});  // -1: not known
  out.text(10, protocol_of(request.version));
  // A server that looks at `body` alone must not be shown less by a client that adds a byte.
  if (!checked.body.empty()) out.text(11, to_text(checked.body));
  if (!is_utf8(checked.body)) out.text(12, checked.body);
  return made;
}

// ---- CheckResponse --------------------------------------------------------------------------------------------------

/// Of HeaderValueOption.append_action those that need not know what is there. ADD_IF_ABSENT, 1, and
/// OVERWRITE_IF_EXISTS, 3, do.
constexpr std::uint64_t append_if_exists_or_add = 0;
constexpr std::uint64_t overwrite_if_exists_or_add = 2;

/// HeaderValueOption. `append` is the older word for the same, and counts where it is said.
struct HeaderOption {
  std::string name;
  std::string value;
  std::optional<bool> append;
  std::optional<std::uint64_t> action;
};

/// Which of the two a line is for decides what an option means that says neither: `append` of what goes to the backend
/// is false unless set, lines for the client are added.
enum class Towards : std::uint8_t { Backend, Client };

bool read_option(std::string_view message, HeaderOption& option) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.field() == 1) {
      ProtoReader header(reader.text());
      while (header.next()) {
        if (header.field() == 1) option.name = header.text();
        if (header.field() == 2 || (header.field() == 3 && !header.text().empty())) option.value = header.text();
      }
      if (!header.is_sound()) return false;
    } else if (reader.field() == 2) {
      option.append = false;  // an empty BoolValue
      ProtoReader wrapper(reader.text());
      while (wrapper.next())
        if (wrapper.field() == 1) option.append = wrapper.number() != 0;
      if (!wrapper.is_sound()) return false;
    } else if (reader.field() == 3) {
      if (!reader.is_number()) return false;
      option.action = reader.number();
    }
  }
  return reader.is_sound();
}

/// A name and a value that make one line of a head.
bool is_line(const HeaderOption& option) noexcept {
  return !option.name.empty() && std::ranges::all_of(option.name, http1::is_token_byte) &&
         option.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos;
}

/// Whether the line is one more of its name, or takes the place of those that are there. nullopt: another action, of
/// those that depend on what is there or of a later version.
std::optional<bool> is_added(const HeaderOption& option, Towards towards) noexcept {
  if (option.append) return option.append;
  if (!option.action) return towards == Towards::Client;
  if (*option.action == append_if_exists_or_add) return true;
  if (*option.action == overwrite_if_exists_or_add) return false;
  return std::nullopt;
}

/// False also for what makes no line, or one that cannot be kept: without that edit the client's own field would pass
/// for the server's.
bool read_edit(std::string_view message, Towards towards, route::HeaderEdits& edits) {
  HeaderOption option;
  if (!read_option(message, option) || !is_line(option)) return false;
  const HeaderId id = http::find_header_id(option.name);
  if (id == HeaderId::Host) return true;  // there is one, and it has routed the request
  const std::optional<bool> added = is_added(option, towards);
  if (!added) return false;
  const bool adds = *added || id == HeaderId::SetCookie;  // each is a cookie of its own
  (adds ? edits.add : edits.set).push_back({std::move(option.name), std::move(option.value), id});
  return true;
}

/// OkHttpResponse.
bool read_ok(std::string_view message, AuthVerdict& verdict) {
  ProtoReader reader(message);
  while (reader.next()) {
    bool sound = true;
    if (reader.field() == 2) sound = read_edit(reader.text(), Towards::Backend, verdict.request);
    if (reader.field() == 5)
      verdict.request.remove.push_back({std::string(reader.text()), http::find_header_id(reader.text())});
    if (reader.field() == 6) sound = read_edit(reader.text(), Towards::Client, verdict.response);
    if (!sound) return false;
  }
  return reader.is_sound();
}

/// DeniedHttpResponse. Without a status of its own it is a 403.
bool read_denied(std::string_view message, AuthVerdict& verdict) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.field() == 1) {
      ProtoReader status(reader.text());
      while (status.next())
        if (status.field() == 1 && status.number() >= 300 && status.number() < 600)
          verdict.status = static_cast<std::uint16_t>(status.number());
      if (!status.is_sound()) return false;
    } else if (reader.field() == 2) {
      HeaderOption option;
      if (!read_option(reader.text(), option)) return false;
      if (is_line(option) && !http::is_connection_field(http::find_header_id(option.name)))
        verdict.fields.push_back({std::move(option.name), std::move(option.value)});
    } else if (reader.field() == 3) {
      verdict.body = reader.text();
    }
  }
  return reader.is_sound();
}

/// google.rpc.Status; 0, OK, where it is not there.
bool read_status(std::string_view message, std::uint64_t& code) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.field() != 1) continue;
    if (!reader.is_number()) return false;
    code = reader.number();
  }
  return reader.is_sound();
}

}  // namespace

std::string write_grpc_check(const route::ExternalAuth& auth, const CheckedRequest& checked) {
  std::string time;
  ProtoWriter(time).number(1, static_cast<std::uint64_t>(wall_now().time_since_epoch().count()));
  std::string request;
  ProtoWriter(request).text(1, time);
  ProtoWriter(request).text(2, write_http_request(auth, checked));
  std::string attributes;
  ProtoWriter(attributes).text(1, write_peer(checked.peer));
  ProtoWriter(attributes).text(2, write_peer(checked.local));
  ProtoWriter(attributes).text(4, request);
  std::string message;
  ProtoWriter(message).text(1, attributes);

  const auto size = static_cast<std::uint32_t>(message.size());
  std::string text = fmt::format(
      "POST /envoy.service.auth.v3.Authorization/Check HTTP/1.1\r\nHost: {}\r\nContent-Type: application/grpc\r\n"
      "TE: trailers\r\nContent-Length: {}\r\n\r\n",
      authority_of(auth.name), message.size() + 5);
  text += '\0';  // not compressed
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(size >> shift & 0xFFU);
  return text + message;
}

AuthVerdict read_check_response(std::string_view message) {
  AuthVerdict verdict;
  AuthVerdict allowed;
  AuthVerdict denied;
  std::uint64_t code = 0;
  bool sound = true;
  bool any_word = false;
  bool has_denied = false;
  ProtoReader reader(message);
  while (sound && reader.next()) {
    const bool is_word = reader.field() >= 1 && reader.field() <= 3;
    any_word = any_word || is_word;
    if (is_word && !reader.is_text()) sound = false;  // all three are messages
    if (sound && reader.field() == 1) sound = read_status(reader.text(), code);
    if (sound && reader.field() == 2) has_denied = true, sound = read_denied(reader.text(), denied);
    if (sound && reader.field() == 3) sound = read_ok(reader.text(), allowed);
  }
  if (!sound || !reader.is_sound()) {
    verdict.detail = "its answer is no CheckResponse";
    return verdict;
  }
  // Status OK is written as an empty message or not at all, so an empty answer would be a yes. It is taken for none.
  if (!any_word) {
    verdict.detail = "its CheckResponse says nothing";
    return verdict;
  }
  verdict = code == 0 && !has_denied ? std::move(allowed) : std::move(denied);
  verdict.kind = code == 0 && !has_denied ? AuthVerdict::Kind::Allowed : AuthVerdict::Kind::Denied;
  return verdict;
}

}  // namespace pintle::proxy
