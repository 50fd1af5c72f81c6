#include "dataplane/proxy/client_identity.hpp"

#include <arpa/inet.h>
#include <array>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace pintle::proxy {
namespace {

using http::HeaderId;

/// Without port; v6 without brackets.
std::string_view write_ip(const runtime::SocketAddress& address, std::span<char, INET6_ADDRSTRLEN> room) noexcept {
  const char* const text =
      ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.ip.data(), room.data(), static_cast<socklen_t>(room.size()));
  return text == nullptr ? std::string_view() : std::string_view(text);
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The last `count` entries of all X-Forwarded-For lines, in order, joined; at most what there is.
struct ForwardedFor {
  std::string joined;
  std::size_t first_length = 0;
  [[nodiscard]] std::string_view first() const noexcept { return std::string_view(joined).substr(0, first_length); }
};
ForwardedFor believed_entries(const http::RequestHead& request, std::uint8_t count) {
  ForwardedFor out;
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
  const std::size_t skipped = entries.size() > count ? entries.size() - count : 0;
  for (std::size_t i = skipped; i < entries.size(); ++i) {
    if (i > skipped) out.joined += ", ";
    out.joined += entries[i];
    if (i == skipped) out.first_length = entries[i].size();
  }
  return out;
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

std::string_view scheme_text(runtime::SocketProtocol scheme) noexcept {
  return scheme == runtime::SocketProtocol::Https ? "https" : "http";
}

void edit_trusted(const http::RequestHead& request, const PeerFacts& facts, std::string_view peer,
                  http1::HeadEdits& edits) {
  ForwardedFor believed = believed_entries(request, facts.trusted_hops);
  if (!believed.joined.empty()) believed.joined += ", ";
  believed.joined += peer;
  edits.set(HeaderId::XForwardedFor, believed.joined);
  edits.remove(HeaderId::XRealIp);
  if (!edits.has(HeaderId::XForwardedProto)) edits.append(HeaderId::XForwardedProto, scheme_text(facts.scheme));
  if (!edits.has(HeaderId::XForwardedHost) && !request.authority_text.empty())
    edits.append(HeaderId::XForwardedHost, request.authority_text);
  if (!edits.has(HeaderId::Forwarded)) return;
  // RFC 7239: another line is another element at the end of the list.
  const bool v6 = facts.peer.v6;
  edits.append(HeaderId::Forwarded,
               fmt::format("for={}{}{};proto={}", v6 ? "\"[" : "", peer, v6 ? "]\"" : "", scheme_text(facts.scheme)));
}

}  // namespace

runtime::SocketAddress find_client(const http::RequestHead& request, const PeerFacts& facts) {
  if (facts.trusted_hops == 0 || request.headers.find(HeaderId::XForwardedFor) == nullptr) return facts.peer;
  const ForwardedFor believed = believed_entries(request, facts.trusted_hops);
  runtime::SocketAddress client;
  std::string_view text = believed.first();
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return runtime::parse_ip(text, client) ? client : facts.peer;
}

void edit_identity(const http::RequestHead& request, const PeerFacts& facts, http1::HeadEdits& edits) {
  std::array<char, INET6_ADDRSTRLEN> room;
  const std::string_view peer = write_ip(facts.peer, room);
  if (facts.trusted_hops > 0) return edit_trusted(request, facts, peer, edits);
  for (std::size_t i = 0; i < request.headers.fields.size(); ++i)
    if (is_identity_field(request.headers, request.headers.fields[i])) edits.remove_at(i);
  edits.append(HeaderId::XForwardedFor, peer);
  edits.append(HeaderId::XForwardedProto, scheme_text(facts.scheme));
  if (!request.authority_text.empty()) edits.append(HeaderId::XForwardedHost, request.authority_text);
}

}  // namespace pintle::proxy
