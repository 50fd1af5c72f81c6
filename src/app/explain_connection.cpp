#include "src/app/explain_connection.hpp"

#include <optional>
#include <string>

#include <fmt/format.h>

#include <pintle/route/lookup.hpp>

#include "src/app/explain_rules.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::string_view scheme_of(runtime::SocketProtocol protocol) {
  switch (protocol) {
    case runtime::SocketProtocol::Http:
      return "http";
    case runtime::SocketProtocol::Https:
      return "tls";
    case runtime::SocketProtocol::Tcp:
      return "tcp";
    case runtime::SocketProtocol::Udp:
      return "udp";
  }
  return {};
}

void close(Json& out, Reason reason, std::string detail) {
  out["served"] = false;
  out["answer"] =
      Json{{"status", 0}, {"reason", to_string(reason)}, {"meaning", describe(reason)}, {"detail", std::move(detail)}};
}

[[nodiscard]] std::string describe_miss(Reason reason, std::string_view scheme, std::string_view sni) {
  if (scheme != "tls") return "no route is attached to this listener";
  return reason == Reason::NoListener
             ? fmt::format("no listener of this port has the server name '{}': closed without a byte", sni)
             : fmt::format("no route of this listener has the server name '{}': closed without a byte", sni);
}

}  // namespace

void describe_connection(Json& out, const runtime::Compiled& compiled, const runtime::PlannedSocket& socket,
                         const Url& url, std::string_view sni) {
  if (const std::string_view wanted = scheme_of(socket.protocol); wanted != url.scheme)
    return close(out, Reason::BadRequest,
                 fmt::format("port {} speaks another protocol; ask with {}://", url.port, wanted));
  const route::RequestView view{
      .host = url.scheme == "tls" ? sni : std::string_view(), .method = {}, .path = "/", .query = {}, .headers = {}};
  const route::Walk walk = route::explain_route(*compiled.table->find_port(socket.id), {.view = view});
  if (const route::Listener* listener = walk.decision.listener) {
    out["listener"] = Json{{"gateway", listener->gateway},
                           {"name", listener->name},
                           {"hostname", listener->hostname},
                           {"port", listener->public_port},
                           {"address", to_string(socket.address)}};
    if (listener->protocol == route::Protocol::Https)
      return close(out, Reason::BadRequest, "the server name belongs to an HTTPS listener; ask with https://");
    if (url.scheme == "tls")
      out["tls"] = Json{{"sni", sni},
                        {"mode", listener->protocol == route::Protocol::TlsTerminate ? "Terminate" : "Passthrough"}};
  }
  if (!walk.decision.host_pattern.empty() && url.scheme == "tls") out["host"] = walk.decision.host_pattern;
  out["rules"] = describe_candidates(walk, view);
  for (Json& rule : out["rules"]) {
    rule["match"] = url.scheme == "udp" ? "every datagram" : "every connection";
    if (rule.contains("because")) rule["because"] = "an older route has it";
  }
  if (walk.decision.entry == nullptr)
    return close(out, walk.decision.reason, describe_miss(walk.decision.reason, url.scheme, sni));
  describe_action(out, compiled, walk, {});
  // A connection is closed, a datagram dropped: there is no status to it.
  for_each_failure(out, [](Json& failure) { failure["status"] = 0; });
}

}  // namespace pintle::app
