#include "dataplane/proxy/client_identity.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace pintle::proxy {
namespace {

using http::HeaderId;

/// The digits of each octet, then how many there are.
constexpr std::array<std::array<char, 4>, 256> octets = [] {
  std::array<std::array<char, 4>, 256> texts{};
  for (unsigned value = 0; value < 256; ++value) {
    char length = 0;
    for (const unsigned unit : {100U, 10U, 1U})
      if (value >= unit || unit == 1)
        texts[value][static_cast<std::size_t>(length++)] = static_cast<char>('0' + value / unit % 10);
    texts[value][3] = length;
  }
  return texts;
}();

/// Writes four bytes, of which those that count end where it returns.
char* write_octet(char* at, std::uint8_t value) noexcept {
  const std::array<char, 4>& text = octets[value];
  std::memcpy(at, text.data(), text.size());
  return at + text[3];
}

/// Without port; v6 without brackets. Written for each request: inet_ntop goes through printf, which costs a v4 address
/// more than all other edits of a head together.
std::string_view write_ip(const runtime::SocketAddress& address, std::span<char, INET6_ADDRSTRLEN> room) noexcept {
  if (address.v6) {
    const char* const text = ::inet_ntop(AF_INET6, address.ip.data(), room.data(), static_cast<socklen_t>(room.size()));
    return text == nullptr ? std::string_view() : std::string_view(text);
  }
  char* at = write_octet(room.data(), address.ip[0]);
  for (std::size_t i = 1; i < 4; ++i) {
    *at++ = '.';
    at = write_octet(at, address.ip[i]);
  }
  return {room.data(), at};
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The last `count` entries of all X-Forwarded-For lines, in order; at most what there is.
std::vector<std::string_view> believed_entries(const http::RequestHead& request, std::uint8_t count) {
  std::vector<std::string_view> entries;
  for (const http::Field& field : request.headers.fields) {
    if (field.id != HeaderId::XForwardedFor) continue;
    std::string_view rest = request.headers.value(field);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      const std::string_view entry = trim(rest.substr(0, comma));
      if (!entry.empty()) entries.push_back(entry);
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  if (entries.size() > count) entries.erase(entries.begin(), entries.end() - count);
  return entries;
}

/// "192.0.2.1", "2001:db8::1", "[2001:db8::1]"; some proxies add a port.
bool parse_node(std::string_view text, runtime::SocketAddress& out) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end != std::string_view::npos && runtime::parse_ip(text.substr(1, end - 1), out);
  }
  const std::size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return runtime::parse_ip(has_port ? text.substr(0, colon) : text, out);
}

/// RFC 7239 section 6: a v6 address stands in brackets and quotes.
void append_node(std::string& out, const runtime::SocketAddress* address) {
  std::array<char, INET6_ADDRSTRLEN> room;
  out += "for=";
  if (address == nullptr)
    out += "unknown";
  else if (address->v6)
    fmt::format_to(std::back_inserter(out), "\"[{}]\"", write_ip(*address, room));
  else
    out += write_ip(*address, room);
}

bool is_identity_field(const http::HeaderView& headers, const http::Field& field) noexcept {
  switch (field.id) {
    case HeaderId::Forwarded:
    case HeaderId::XForwardedFor:
    case HeaderId::XForwardedProto:
    case HeaderId::XForwardedHost:
    case HeaderId::XForwardedPort:
    case HeaderId::XRealIp:
      return true;
    case HeaderId::Other: {
      constexpr std::string_view prefix = "x-forwarded-";
      const std::string_view name = headers.name(field);
      return name.size() > prefix.size() && (name[0] == 'x' || name[0] == 'X') && name[1] == '-' &&
             http::name_equals(name.substr(0, prefix.size()), prefix);
    }
    default:
      return false;
  }
}

bool may_have_identity(const http::FieldSummary& summary) noexcept {
  constexpr auto identity =
      http::FieldSummary::of(HeaderId::Forwarded, HeaderId::XForwardedFor, HeaderId::XForwardedProto,
                             HeaderId::XForwardedHost, HeaderId::XForwardedPort, HeaderId::XRealIp);
  return summary.may_have_any(identity) || summary.may_have_odd_name();
}

std::string_view scheme_text(runtime::SocketProtocol scheme) noexcept {
  return scheme == runtime::SocketProtocol::Https ? "https" : "http";
}

void edit_trusted(const http::RequestHead& request, const PeerFacts& facts, std::string_view peer,
                  http1::HeadEdits& edits) {
  std::string chain;
  std::string forwarded;
  for (const std::string_view entry : believed_entries(request, facts.trusted_hops)) {
    chain += entry;
    chain += ", ";
    runtime::SocketAddress address;
    append_node(forwarded, parse_node(entry, address) ? &address : nullptr);
    forwarded += ", ";
  }
  chain += peer;
  edits.set(HeaderId::XForwardedFor, chain);
  edits.remove(HeaderId::XRealIp);
  if (!edits.has(HeaderId::XForwardedProto)) edits.append(HeaderId::XForwardedProto, scheme_text(facts.scheme));
  if (!edits.has(HeaderId::XForwardedHost) && !request.authority_text.empty())
    edits.append(HeaderId::XForwardedHost, request.authority_text);
  if (!edits.has(HeaderId::Forwarded)) return;
  append_node(forwarded, &facts.peer);
  forwarded += ";proto=";
  forwarded += scheme_text(facts.scheme);
  edits.set(HeaderId::Forwarded, forwarded);
}

}  // namespace

runtime::SocketAddress find_client(const http::RequestHead& request, const PeerFacts& facts) {
  if (facts.trusted_hops == 0 || request.headers.find(HeaderId::XForwardedFor) == nullptr) return facts.peer;
  const std::vector<std::string_view> believed = believed_entries(request, facts.trusted_hops);
  runtime::SocketAddress client;
  return !believed.empty() && parse_node(believed.front(), client) ? client : facts.peer;
}

void edit_identity(const http::RequestHead& request, const PeerFacts& facts, http1::HeadEdits& edits) {
  std::array<char, INET6_ADDRSTRLEN> room;
  const std::string_view peer = write_ip(facts.peer, room);
  if (facts.trusted_hops > 0) return edit_trusted(request, facts, peer, edits);
  if (may_have_identity(request.headers.summary))
    for (std::size_t i = 0; i < request.headers.fields.size(); ++i)
      if (is_identity_field(request.headers, request.headers.fields[i])) edits.remove_at(i);
  edits.append(HeaderId::XForwardedFor, peer);
  edits.append_line(HeaderId::XForwardedProto, facts.scheme == runtime::SocketProtocol::Https
                                                   ? "X-Forwarded-Proto: https\r\n"
                                                   : "X-Forwarded-Proto: http\r\n");
  if (!request.authority_text.empty()) edits.append(HeaderId::XForwardedHost, request.authority_text);
}

}  // namespace pintle::proxy
