// Filters of a rule or of a backendRef as compiled values, and what a rule does with a request. Plain immutable data:
// the proxy applies them, explain prints them. Sources: Gateway API HTTPRouteFilter, HTTPPathModifier,
// HTTPRouteTimeouts.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <pintle/base/ids.hpp>
#include <pintle/base/rare.hpp>
#include <pintle/base/reason.hpp>
#include <pintle/http/headers.hpp>
#include <pintle/route/cors.hpp>
#include <pintle/route/session.hpp>

namespace pintle::route {

struct HeaderLine {
  std::string name;  ///< spelling as the user wrote it
  std::string value;
  http::HeaderId id = http::HeaderId::Other;
};
struct HeaderName {
  std::string name;
  http::HeaderId id = http::HeaderId::Other;
};
/// Applied in the order set, add, remove of one filter; later duplicates of a name were dropped at compile time.
struct HeaderEdits {
  std::vector<HeaderLine> set;
  std::vector<HeaderLine> add;
  std::vector<HeaderName> remove;
  [[nodiscard]] bool empty() const noexcept { return set.empty() && add.empty() && remove.empty(); }
};

struct ReplaceFullPath {
  std::string path;
};
struct ReplacePrefixMatch {
  std::string matched_prefix;  ///< the rule's PathPrefix value, no trailing slash ("/" stays)
  std::string replacement;
};
using PathModifier = std::variant<std::monostate, ReplaceFullPath, ReplacePrefixMatch>;

/// The path after a modifier; query untouched. `path` is normalised and matched the prefix. Pure; the whole table of
/// HTTPPathModifier: "/foo" -> "/xyz" on "/foo/bar" gives "/xyz/bar", "/foo" -> "/" on "/foo" gives "/", and so on.
[[nodiscard]] std::string modify_path(const PathModifier& modifier, std::string_view path);

struct Redirect {
  Rare<std::string> scheme;
  Rare<std::string> hostname;
  Rare<PathModifier> path;
  std::optional<std::uint16_t> port;
  std::uint16_t status = 302;
};
struct RedirectRequest {
  std::string_view scheme;  ///< of the request: "http" or "https"
  std::string_view host;    ///< host as received, without port
  std::string_view path;
  std::string_view query;
  std::uint16_t listener_port =
      0;  ///< the Gateway listener's port, not the bound one... plus the port offset of `serve`
};
/// The Location value (HTTPRequestRedirectFilter port rules: explicit port; else well-known port of an explicit scheme;
/// else the listener's port; 80 with http and 443 with https are omitted).
[[nodiscard]] std::string make_location(const Redirect& redirect, const RedirectRequest& request);

struct UrlRewrite {
  std::optional<std::string> hostname;
  PathModifier path;
};

/// A backend that gets a copy of some requests; its answers are dropped (HTTPRequestMirrorFilter).
struct Mirror {
  BackendId backend;
  std::string name;  ///< "namespace/service:port"
  std::uint32_t numerator = 1;
  std::uint32_t denominator = 1;  ///< `numerator` of so many requests
};

/// A server that is asked about each request before it goes on (HTTPExternalAuthFilter, GEP-1494).
struct ExternalAuth {
  enum class Protocol : std::uint8_t { Http, Grpc };
  Protocol protocol = Protocol::Http;
  BackendId backend;
  std::string name;                           ///< "namespace/service:port"
  std::string path;                           ///< HTTP: goes before the path of the request; "/a" or empty
  std::vector<std::string> request_headers;   ///< those it is sent; gRPC: empty means all
  std::vector<std::string> response_headers;  ///< HTTP: those of its answer that the backend gets; empty means all
  std::uint32_t max_body = 0;                 ///< bytes of the request body that it is sent; 0: none
  bool before_edits = true;  ///< MessageFilters::request comes after what it says, as the filters are written
};

/// Filters of a rule (or backendRef) that say what is sent to whom.
struct MessageFilters {
  Rare<HeaderEdits> request;
  Rare<HeaderEdits> response;
  Rare<UrlRewrite> rewrite;
  Rare<Cors> cors;
  Rare<std::vector<Mirror>> mirrors;
  Rare<ExternalAuth> auth;
  [[nodiscard]] bool empty() const noexcept { return !request && !response && !rewrite && !cors && !mirrors && !auth; }
};

/// An answer the gateway gives itself because the rule or the backendRef cannot be served.
struct Failure {
  std::uint16_t status = 500;
  Reason reason = Reason::Internal;
  std::string detail;  ///< which object and why, for people; goes to log and explain, not to the client
};

/// One backendRef. `failure` set: its share of the traffic gets that answer (the share is kept, Gateway API
/// backendRefs). A backend without ready endpoints is no Failure here: EndpointSet says so at request time (503
/// no_endpoints).
struct WeightedBackend {
  BackendId backend;
  std::uint32_t weight = 1;
  std::string name;  ///< "namespace/service:port", for logs, metrics, explain
  Rare<Failure> failure;
  MessageFilters filters;
};

struct Forward {
  std::vector<WeightedBackend> backends;  ///< never empty; weights of 0 kept in place
  std::uint64_t total_weight = 0;         ///< > 0
  /// The backend whose weight interval holds `point` in [0, total_weight).
  [[nodiscard]] const WeightedBackend& choose(std::uint64_t point) const noexcept;
};

using Action = std::variant<Forward, Redirect, Failure>;

struct Timeouts {
  std::optional<std::chrono::milliseconds> request;          ///< whole exchange; nullopt or 0: none
  std::optional<std::chrono::milliseconds> backend_request;  ///< one try
};

/// When and how often a request is tried again (HTTPRouteRetry, GEP-1731). A try that fails before an answer, by a
/// broken connection or by Timeouts::backend_request, counts like one of the codes.
struct Retry {
  std::vector<std::uint16_t> codes;
  std::uint32_t attempts = 2;           ///< tries after the first
  std::chrono::milliseconds backoff{};  ///< before the first of them; doubles with each
};

/// Where a rule comes from; for logs, metrics and explain.
struct RuleSource {
  std::string_view kind = "HTTPRoute";  ///< of static storage
  std::string route;                    ///< "namespace/name"
  std::uint32_t index = 0;
  std::string name;  ///< rule name, may be empty
};

struct Rule {
  RuleSource source;
  Action action;
  MessageFilters filters;
  Timeouts timeouts;
  Rare<Retry> retry;
  Rare<Sessions> sessions;
};

}  // namespace pintle::route
