#include "src/app/explain_walk.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <pintle/http/grpc.hpp>
#include <pintle/route/lookup.hpp>

#include "controller/compile/dump_rule.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "src/app/cli_values.hpp"
#include "src/app/explain_connection.hpp"
#include "src/app/explain_rules.hpp"
#include "src/app/explain_tls.hpp"
#include "src/app/url.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

/// A head as a client would send it, and what the parser of the data plane made of it.
struct ParsedHead {
  std::string bytes;
  http1::RequestFields fields;
  http::RequestHead head;
  std::optional<http::Refusal> refusal;
};

void parse_head(const ExplainRequest& request, const Url& url, ParsedHead& out) {
  out.bytes = fmt::format("{} {} HTTP/1.1\r\n", request.method, url.target);
  const bool own_host = std::ranges::any_of(request.headers, [](const std::string& line) {
    return http::name_equals(line.substr(0, line.find(':')), "host");
  });
  if (!own_host) out.bytes += fmt::format("Host: {}\r\n", url.authority);
  for (const std::string& line : request.headers) out.bytes += line + "\r\n";
  out.bytes += "\r\n";
  http1::RequestHeadParser parser;
  const http1::ParseResult result = parser.parse(out.bytes, {}, out.head, out.fields);
  if (result.progress == http1::Progress::Refused)
    out.refusal = result.refusal;
  else if (result.progress != http1::Progress::Done || result.consumed != out.bytes.size())
    out.refusal = http::bad_request(0, "a line break inside the URL or a header would end the head early");
  else if (out.head.method == http::Method::Connect || out.head.method == http::Method::Trace)
    out.refusal = http::Refusal{.status = 405, .requirement = 36, .detail = "CONNECT and TRACE are not served"};
}

[[nodiscard]] Json describe_listener(const route::Listener& listener, const runtime::PlannedSocket* socket) {
  Json made{{"gateway", listener.gateway},
            {"name", listener.name},
            {"hostname", listener.hostname},
            {"port", listener.public_port}};
  if (socket != nullptr) made["address"] = to_string(socket->address);
  return made;
}

struct Port {
  SocketId id;
  const route::PortTable* table = nullptr;
  const runtime::PlannedSocket* socket = nullptr;
};

/// The sockets a client reaches at that port, each table once: both address families of a Gateway share one.
[[nodiscard]] std::vector<Port> find_ports(const runtime::Compiled& compiled, const Url& url) {
  std::vector<Port> found;
  if (!compiled.plan || !compiled.table) return found;
  for (const runtime::PlannedSocket& socket : compiled.plan->sockets) {
    const bool udp = socket.address.transport == runtime::Transport::Udp;
    if (socket.address.port != url.port || udp != (url.scheme == "udp")) continue;
    const route::PortTable* table = compiled.table->find_port(socket.id);
    if (table == nullptr || std::ranges::find(found, table, &Port::table) != found.end()) continue;
    found.push_back({socket.id, table, &socket});
  }
  return found;
}

[[nodiscard]] std::string known_ports(const runtime::Compiled& compiled) {
  std::vector<std::string> texts;
  if (compiled.plan)
    for (const runtime::PlannedSocket& socket : compiled.plan->sockets) {
      std::string text = fmt::format("{} ({})", socket.address.port, socket.gateway);
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
  return texts.empty() ? "no Gateway listens at all" : fmt::format("Gateways listen on {}", fmt::join(texts, ", "));
}

[[nodiscard]] Json describe_request(const ExplainRequest& request, const Url& url) {
  return Json{{"method", is_http(url) ? request.method : url.scheme},
              {"url", request.url},
              {"scheme", url.scheme},
              {"host", url.host},
              {"port", url.port}};
}

/// A few of many, for a sentence.
[[nodiscard]] std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  if (names.size() <= most) return fmt::format("{}", fmt::join(names, ", "));
  return fmt::format("{} and {} more", fmt::join(names.begin(), names.begin() + most, ", "), names.size() - most);
}

/// The host that a person most likely meant: its first label is nearly that of `host`, the rest is the same.
[[nodiscard]] std::string likely_host(std::string_view host, const std::vector<std::string>& hosts) {
  const std::size_t dot = std::min(host.find('.'), host.size());
  std::vector<std::string> labels;
  for (const std::string& one : hosts)
    if (one.find('.') != 0 && one.ends_with(host.substr(dot)))
      labels.push_back(one.substr(0, one.size() - (host.size() - dot)));
  const std::string label = nearest(host.substr(0, dot), labels);
  return label.empty() ? std::string() : label + std::string(host.substr(dot));
}

void describe_miss(Json& out, const route::Walk& walk, const route::PortTable& table, std::string_view host) {
  const route::Decision& decision = walk.decision;
  std::string detail;
  std::string fix;
  if (decision.reason == Reason::NoListener) {
    std::vector<std::string> names;
    for (const route::Listener& listener : table.listeners()) names.push_back(listener.hostname);
    detail = fmt::format("no listener of this port has the host '{}'; they have {}", host, some_of(names));
    fix = "ask for a host that one of them covers, or add a listener with that hostname to the Gateway";
  } else if (decision.reason == Reason::NoHost && walk.uncovered_hosts.empty()) {
    detail = "no route is attached to this listener";
    fix = "attach an HTTPRoute by its parentRefs; `pintle status` tells why one is not attached";
  } else if (decision.reason == Reason::NoHost) {
    const std::string likely = likely_host(host, walk.uncovered_hosts);
    detail = fmt::format("no route of this listener has the host '{}'; there are routes for {}", host,
                         some_of(walk.uncovered_hosts));
    fix = fmt::format("{}add '{}' to spec.hostnames of an HTTPRoute attached to the listener",
                      likely.empty() ? std::string() : fmt::format("ask for '{}', or ", likely), host);
  } else if (decision.reason == Reason::Misdirected) {
    const route::Listener* owner = table.find_listener(host);
    detail =
        fmt::format("the handshake chose listener '{}', the host belongs to listener '{}' of the same port",
                    decision.listener == nullptr ? "" : decision.listener->name, owner == nullptr ? "" : owner->name);
    fix =
        "send the host as server name (SNI) too; clients do so when they repeat the request on a connection of its own";
  } else {
    detail = "routes have this host, but no rule of theirs matched";
    fix = "the list tells for each rule the first condition that failed";
  }
  out["answer"] = failure_answer(decision.status, decision.reason, detail);
  out["answer"]["fix"] = std::move(fix);
  out["served"] = false;
}

/// A client of gRPC looks at its own status alone, which comes with 200.
void tell_in_grpc(Json& failure) {
  const auto status = failure["status"].get<std::uint16_t>();
  if (!http::is_grpc_failure(status)) return;
  failure["status"] = 200;
  failure["grpcStatus"] = static_cast<unsigned>(http::grpc_status_of(status));
}

void describe_walk(Json& out, const runtime::Compiled& compiled, const Port& port, const ParsedHead& parsed,
                   const route::RouteRequest& request) {
  const route::Walk walk = route::explain_route(*port.table, request);
  if (walk.decision.listener != nullptr) out["listener"] = describe_listener(*walk.decision.listener, port.socket);
  if (!walk.decision.host_pattern.empty()) out["host"] = walk.decision.host_pattern;
  if (!walk.uncovered_hosts.empty()) out["otherHosts"] = walk.uncovered_hosts;
  out["rules"] = describe_candidates(walk, request.view);
  if (walk.decision.entry == nullptr)
    describe_miss(out, walk, *port.table, request.view.host);
  else
    describe_action(out, compiled, walk, parsed.head);
  if (http::is_grpc(parsed.head.headers)) for_each_failure(out, tell_in_grpc);
}

}  // namespace

Result<Json> explain_request(const runtime::Compiled& compiled, const ExplainRequest& request) {
  const Result<Url> url = parse_url(request.url);
  if (!url) return std::unexpected(url.error());
  Json out;
  out["request"] = describe_request(request, *url);
  out["generation"] = compiled.generation.value;
  out["served"] = false;

  const std::vector<Port> ports = find_ports(compiled, *url);
  if (ports.empty()) {
    out["answer"] = Json{{"status", 0},
                         {"reason", "connection_refused"},
                         {"detail", fmt::format("nothing listens on port {}; {}", url->port, known_ports(compiled))},
                         {"fix", "ask one of these ports; offline, give --port-offset as `serve` has it"}};
    return out;
  }
  ParsedHead parsed;
  if (is_http(*url)) parse_head(request, *url, parsed);

  Json first;
  for (const Port& port : ports) {  // several Gateways may have the port on different addresses: the first that serves
    Json attempt = out;
    const std::string sni = choose_sni(request.sni, url->host);
    if (!is_http(*url)) {
      describe_connection(attempt, compiled, *port.socket, *url, sni);
      if (attempt["served"] == true) return attempt;
      if (first.is_null()) first = std::move(attempt);
      continue;
    }
    const TlsChoice tls = choose_tls(compiled, *port.socket, *port.table, {url->scheme, sni});
    if (!tls.description.empty()) attempt["tls"] = tls.description;
    if (tls.fault) {
      attempt["answer"] = Json{{"status", 0}, {"reason", "tls_failed"}, {"detail", *tls.fault}};
    } else if (parsed.refusal) {
      attempt["answer"] = failure_answer(parsed.refusal->status, parsed.refusal->reason, parsed.refusal->detail);
    } else {
      route::RouteRequest routed;
      routed.view = {.host = parsed.head.host(),
                     .method = parsed.head.method_text,
                     .path = parsed.head.path,
                     .query = parsed.head.query,
                     .headers = parsed.head.headers};
      routed.tls_listener = tls.listener;
      attempt["request"]["path"] = parsed.head.path;
      if (parsed.head.path_changed) attempt["request"]["pathWas"] = url->target.substr(0, url->target.find('?'));
      describe_walk(attempt, compiled, port, parsed, routed);
    }
    if (attempt["served"] == true) return attempt;
    if (first.is_null()) first = std::move(attempt);
  }
  return first;
}

}  // namespace pintle::app
