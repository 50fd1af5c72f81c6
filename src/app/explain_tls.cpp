#include "src/app/explain_tls.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

/// A listener's hostname: the wildcard stands for one or more labels (Gateway API, Hostname).
[[nodiscard]] bool covers_host(std::string_view pattern, std::string_view name) noexcept {
  if (pattern == "*") return true;
  if (name.empty()) return false;
  if (!pattern.starts_with("*.")) return pattern == name;
  const std::string_view suffix = pattern.substr(1);
  return name.size() > suffix.size() && name.ends_with(suffix);
}
/// A name in a certificate: the wildcard stands for one label (req 56).
[[nodiscard]] bool covers_name(std::string_view pattern, std::string_view name) noexcept {
  if (!pattern.starts_with("*.")) return pattern == name;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot != 0 && name.substr(dot) == pattern.substr(1);
}

[[nodiscard]] const runtime::Certificate* choose_certificate(const runtime::Compiled& compiled,
                                                             const runtime::TlsListener& listener,
                                                             std::string_view sni) {
  const runtime::Certificate* best = nullptr;
  const runtime::Certificate* first = nullptr;
  std::size_t longest = 0;
  for (const CertId id : listener.certificates) {
    if (!compiled.certs || id.index() >= compiled.certs->certificates.size()) continue;
    const runtime::Certificate* certificate = compiled.certs->certificates[id.index()].get();
    if (first == nullptr) first = certificate;
    for (const std::string& name : certificate->dns_names)
      if (covers_name(name, sni) && name.size() > longest) {
        best = certificate;
        longest = name.size();
      }
  }
  return best != nullptr ? best : first;
}

}  // namespace

std::string choose_sni(std::string_view wanted, std::string_view host) {
  std::string sni(wanted.empty() ? host : wanted);
  runtime::SocketAddress literal;
  if (wanted.empty() && (host.starts_with('[') || runtime::parse_ip(host, literal))) sni.clear();
  std::ranges::transform(sni, sni.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (sni.ends_with('.')) sni.pop_back();
  return sni;
}

TlsChoice choose_tls(const runtime::Compiled& compiled, const runtime::PlannedSocket& socket,
                     const route::PortTable& table, const TlsRequest& request) {
  TlsChoice choice;
  if (socket.protocol == runtime::SocketProtocol::Tcp) {
    choice.fault = fmt::format("port {} passes connections on; ask with tcp://", socket.address.port);
    return choice;
  }
  const bool speaks_tls = socket.protocol == runtime::SocketProtocol::Https;
  if (request.scheme != "https") {
    if (speaks_tls) choice.fault = fmt::format("port {} speaks TLS; ask with https://", socket.address.port);
    return choice;
  }
  if (!speaks_tls) {
    choice.fault = fmt::format("port {} speaks plain HTTP; ask with http://", socket.address.port);
    return choice;
  }
  choice.description["sni"] = request.sni;
  const auto found = std::ranges::find_if(
      socket.tls, [&](const runtime::TlsListener& listener) { return covers_host(listener.hostname, request.sni); });
  if (found == socket.tls.end()) {
    choice.fault = fmt::format("no HTTPS listener has the server name '{}': alert unrecognized_name", request.sni);
    return choice;
  }
  if (found->protocol != route::Protocol::Https) {
    choice.fault = fmt::format("the server name '{}' belongs to a TLS listener; ask with tls://", request.sni);
    return choice;
  }
  const auto listener =
      std::ranges::find_if(table.listeners(), [&](const route::Listener& l) { return l.id == found->listener; });
  if (listener != table.listeners().end()) {
    choice.listener = &*listener;
    choice.description["listener"] = listener->name;
  }
  const runtime::Certificate* certificate = choose_certificate(compiled, *found, request.sni);
  if (certificate == nullptr) {
    choice.fault = "the listener has no certificate: alert unrecognized_name";
    return choice;
  }
  choice.description["certificate"] = certificate->source;
  choice.description["names"] = certificate->dns_names;
  const bool named = std::ranges::any_of(certificate->dns_names,
                                         [&](const std::string& name) { return covers_name(name, request.sni); });
  if (!named) choice.description["warning"] = "no name of the certificate covers the server name: clients refuse it";
  return choice;
}

}  // namespace pintle::app
