// What resolve() makes of a snapshot: three plain values, no clock, no I/O, ordered containers only.
//   Model         what to serve: Gateways, their served listeners, the routes attached to each, backends with endpoints
//   StatusReport  what to tell: see status_report.hpp
//   RefSet        every object looked up, found or not, so that events about other objects cost nothing
// The model holds only what can be served: a refused listener or route is in the report, not here; a broken rule is
// here as a Failure (500), because traffic for it must not fall through to another rule.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <pintle/route/filter.hpp>
#include <pintle/route/match.hpp>
#include <pintle/runtime/compiled.hpp>

namespace pintle::resolve {

/// A user's mistake as data. It ends as a condition, never as an exception or a log line alone.
struct Problem {
  std::string field_path;  ///< "spec.rules[0].filters[1]"
  std::string reason;      ///< condition reason of the API, e.g. "BackendNotFound"
  std::string message;     ///< for people: what, why, and the way out
  friend bool operator==(const Problem&, const Problem&) = default;
};

/// A Service port. The key under which its endpoints are kept.
struct BackendKey {
  std::string namespace_;
  std::string service;
  std::uint16_t port = 0;
  friend auto operator<=>(const BackendKey&, const BackendKey&) = default;
};

struct ResolvedBackend {
  std::optional<BackendKey> backend;  ///< empty exactly if failure is set
  std::uint32_t weight = 1;
  std::string name;  ///< "namespace/service:port" as far as known
  std::optional<route::Failure> failure;
  route::MessageFilters filters;
};
struct ResolvedForward {
  std::vector<ResolvedBackend> backends;  ///< not empty, sum of weights > 0 (else the action is a Failure)
};
using ResolvedAction = std::variant<ResolvedForward, route::Redirect, route::Failure>;

struct ResolvedRule {
  route::RuleSource source;
  std::vector<route::Match> matches;  ///< with ranks; never empty (the default match is filled in)
  ResolvedAction action;
  route::MessageFilters filters;
  route::Timeouts timeouts;
};
/// One HTTPRoute, resolved once for all its parents. Shared by pointer.
struct ResolvedRoute {
  std::string name;  ///< "namespace/name"
  std::vector<ResolvedRule> rules;
};

struct AttachedRoute {
  std::shared_ptr<const ResolvedRoute> route;
  std::vector<std::string> hostnames;  ///< intersection with the listener: lower case, "*.x" or "*"; never empty
};

struct ResolvedListener {
  std::string name;
  std::string hostname = "*";
  std::uint16_t port = 0;
  runtime::SocketProtocol protocol = runtime::SocketProtocol::Http;
  std::vector<std::shared_ptr<const runtime::Certificate>> certificates;  ///< Https: at least one
  std::vector<AttachedRoute> routes;
};

struct ResolvedGateway {
  std::string namespace_;
  std::string name;
  /// Where to bind (direct mode), port already with the offset; a socket serves all listeners of its port.
  std::map<std::uint16_t, std::vector<runtime::SocketAddress>> sockets_by_port;
  std::uint16_t port_offset = 0;
  std::vector<ResolvedListener> listeners;
};

struct Model {
  std::vector<ResolvedGateway> gateways;
  std::map<BackendKey, std::shared_ptr<const runtime::Backend>> backends;
};

/// Kind and name of everything looked up, missing objects included. The name "*": any object of the kind in the
/// namespace (of grants and EndpointSlices, which are found by what they say, not by name).
struct Ref {
  std::string kind;
  std::string namespace_;
  std::string name;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};
using RefSet = std::set<Ref>;

}  // namespace pintle::resolve
