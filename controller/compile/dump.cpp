#include "controller/compile/dump.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <pintle/base/clock.hpp>

#include "controller/compile/dump_rule.hpp"
#include "controller/compile/yaml_text.hpp"

namespace pintle::compile {
namespace {

using Json = nlohmann::ordered_json;

std::string certificate_name(const runtime::Certs& certs, CertId id) {
  return id.index() < certs.certificates.size() ? certs.certificates[id.index()]->source : "missing";
}

std::string_view protocol_text(const runtime::PlannedSocket& socket) {
  switch (socket.protocol) {
    case runtime::SocketProtocol::Http:
      return "http";
    case runtime::SocketProtocol::Https:
      return socket.hello_first ? "tls" : "https";
    case runtime::SocketProtocol::Tcp:
      return "tcp";
    case runtime::SocketProtocol::Udp:
      return "udp";
  }
  return {};
}

/// Of a TLS port on which listeners differ.
std::string_view mode_text(route::Protocol protocol) {
  switch (protocol) {
    case route::Protocol::TlsPassthrough:
      return "passthrough";
    case route::Protocol::TlsTerminate:
      return "terminate";
    default:
      return "https";
  }
}

/// The rules met on the way, each once, in the order of routes.
using RuleKey = std::tuple<std::string, std::string, std::uint32_t, const route::Rule*>;
using Rules = std::map<RuleKey, const route::Rule*>;

Json dump_entries(const route::HostTable& table, Rules& rules) {
  Json list = Json::array();
  for (const route::Entry& entry : table.entries()) {
    // Of connections and datagrams all are meant.
    const bool conditional = entry.rule->source.kind == "HTTPRoute" || entry.rule->source.kind == "GRPCRoute";
    Json one = conditional ? dump_match(*entry.match) : Json::object();
    one["rule"] = rule_label(entry.rule->source);
    if (entry.match->rank.match != 0) one["match"] = entry.match->rank.match;
    list.push_back(std::move(one));
    const route::RuleSource& source = entry.rule->source;
    rules.emplace(RuleKey(source.kind, source.route, source.index, entry.rule.get()), entry.rule.get());
  }
  return list;
}

std::string_view mode_name(runtime::ClientValidation::Mode mode) {
  return mode == runtime::ClientValidation::Mode::ValidOnly ? "AllowValidOnly" : "AllowInsecureFallback";
}

Json dump_listener(const route::Listener& listener, const runtime::PlannedSocket& socket, const runtime::Certs& certs,
                   Rules& rules) {
  Json made{{"name", listener.name}, {"hostname", listener.hostname}, {"port", listener.port}};
  if (listener.public_port != listener.port) made["publicPort"] = listener.public_port;
  if (socket.hello_first) made["mode"] = mode_text(listener.protocol);
  for (const runtime::TlsListener& tls : socket.tls) {
    if (tls.listener != listener.id) continue;
    for (const CertId id : tls.certificates) made["certificates"].push_back(certificate_name(certs, id));
    if (tls.clients) made["clientCertificates"] = mode_name(tls.clients->mode);
  }
  if (listener.client_certificate) made["certificateForBackends"] = listener.client_certificate->source;
  Json hosts = Json::array();
  if (listener.table)
    for (const auto& [pattern, table] : listener.table->hosts())
      hosts.push_back(Json{{"host", pattern}, {"matches", dump_entries(*table, rules)}});
  made["hosts"] = std::move(hosts);
  return made;
}

Json dump_socket(const runtime::PlannedSocket& socket, const runtime::Compiled& compiled, Rules& rules) {
  Json made{{"address", runtime::to_string(socket.address)},
            {"protocol", protocol_text(socket)},
            {"gateway", socket.gateway}};
  Json listeners = Json::array();
  if (const route::PortTable* port = compiled.table->find_port(socket.id))
    for (const route::Listener& listener : port->listeners())
      listeners.push_back(dump_listener(listener, socket, *compiled.certs, rules));
  made["listeners"] = std::move(listeners);
  return made;
}

Json dump_tls(const runtime::UpstreamTls& tls) {
  Json made{{"serverName", tls.server_name}};
  for (const std::string& name : tls.dns_names) made["names"].push_back(name);
  for (const std::string& uri : tls.uris) made["names"].push_back(uri);
  if (tls.fault.empty())
    made["authorities"] = tls.ca_pem.empty() ? "system" : "given";
  else
    made["fault"] = tls.fault;
  return made;
}

std::string_view protocol_of(const runtime::Backend& backend) {
  switch (backend.protocol) {
    case runtime::BackendProtocol::Http1:
      return "http/1.1";
    case runtime::BackendProtocol::Http2:
      return backend.tls ? "h2" : "h2c";
    case runtime::BackendProtocol::Negotiated:
      return "h2 or http/1.1";
  }
  return {};
}

Json dump_backends(const runtime::EndpointSet& endpoints) {
  std::vector<const runtime::Backend*> backends;
  for (const auto& backend : endpoints.backends)
    if (backend) backends.push_back(backend.get());
  std::ranges::sort(backends, {}, &runtime::Backend::name);
  Json list = Json::array();
  for (const runtime::Backend* backend : backends) {
    Json one{{"name", backend->name}, {"protocol", protocol_of(*backend)}};
    if (backend->websocket) one["websocket"] = true;
    if (backend->tls) one["tls"] = dump_tls(*backend->tls);
    if (backend->retries)
      one["retries"] = fmt::format("{} % in {} ms, at least {} in {} ms", backend->retries->percent,
                                   backend->retries->interval.count(), backend->retries->min_count,
                                   backend->retries->min_interval.count());
    Json addresses = Json::array();
    for (const runtime::SocketAddress& address : backend->endpoints) addresses.push_back(runtime::to_string(address));
    one["endpoints"] = std::move(addresses);
    list.push_back(std::move(one));
  }
  return list;
}

Json dump_certificates(const runtime::Certs& certs) {
  Json list = Json::array();
  for (const auto& certificate : certs.certificates)
    list.push_back(Json{{"source", certificate->source},
                        {"dnsNames", certificate->dns_names},
                        {"notAfter", format_rfc3339(Wall(std::chrono::seconds(certificate->not_after)))},
                        {"serial", certificate->serial},
                        {"fingerprint", fmt::format("{:016x}", certificate->fingerprint)},
                        {"key", redacted}});
  return list;
}

}  // namespace

Json dump(const runtime::Compiled& compiled) {
  Rules rules;
  Json made{{"generation", compiled.generation.value}};
  std::vector<const runtime::PlannedSocket*> sockets;
  for (const runtime::PlannedSocket& socket : compiled.plan->sockets) sockets.push_back(&socket);
  std::ranges::sort(sockets, {}, [](const auto* socket) { return std::tuple(socket->gateway, socket->address); });
  Json& shown = made["sockets"] = Json::array();
  for (const runtime::PlannedSocket* socket : sockets) shown.push_back(dump_socket(*socket, compiled, rules));
  Json& list = made["rules"] = Json::array();
  for (const auto& [key, rule] : rules) list.push_back(dump_rule(*rule));
  made["backends"] = dump_backends(*compiled.endpoints);
  if (!compiled.certs->certificates.empty()) made["certificates"] = dump_certificates(*compiled.certs);
  return made;
}

std::string dump_json(const runtime::Compiled& compiled) {
  return dump(compiled).dump(2, ' ', true, Json::error_handler_t::replace);
}

std::string dump_yaml(const runtime::Compiled& compiled) { return to_yaml(dump(compiled)); }

}  // namespace pintle::compile
