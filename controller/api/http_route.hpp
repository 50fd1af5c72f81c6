// HTTPRoute of gateway.networking.k8s.io/v1, fields of the experimental channel included.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <pintle/base/rare.hpp>
#include <pintle/base/shared_list.hpp>

#include "controller/api/gateway.hpp"
#include "controller/api/http_route_filter.hpp"
#include "controller/api/object.hpp"
#include "controller/api/references.hpp"
#include "controller/api/status.hpp"

namespace pintle::api {

enum class PathMatchType : std::uint8_t { PathPrefix, Exact, RegularExpression, Unknown };
/// Of header and query parameter matches.
enum class ValueMatchType : std::uint8_t { Exact, RegularExpression, Unknown };
enum class HTTPMethod : std::uint8_t { GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, Unknown };
[[nodiscard]] std::string_view to_string(HTTPMethod method) noexcept;

struct HTTPPathMatch {
  OpenEnum<PathMatchType> type = PathMatchType::PathPrefix;
  std::string value{"/"};
  friend bool operator==(const HTTPPathMatch&, const HTTPPathMatch&) = default;
};
struct HTTPHeaderMatch {
  OpenEnum<ValueMatchType> type = ValueMatchType::Exact;
  std::string name;  ///< as written; compares without case, of equal names only the first counts
  std::string value;
  friend bool operator==(const HTTPHeaderMatch&, const HTTPHeaderMatch&) = default;
};
struct HTTPQueryParamMatch {
  OpenEnum<ValueMatchType> type = ValueMatchType::Exact;
  std::string name;
  std::string value;
  friend bool operator==(const HTTPQueryParamMatch&, const HTTPQueryParamMatch&) = default;
};
/// All parts must hold.
struct HTTPRouteMatch {
  HTTPPathMatch path;
  SharedList<HTTPHeaderMatch> headers;
  SharedList<HTTPQueryParamMatch> query_params;
  std::optional<OpenEnum<HTTPMethod>> method;
  friend bool operator==(const HTTPRouteMatch&, const HTTPRouteMatch&) = default;
};

struct HTTPBackendRef {
  BackendObjectReference ref;
  std::int32_t weight = 1;
  SharedList<HTTPRouteFilter> filters;
  friend bool operator==(const HTTPBackendRef&, const HTTPBackendRef&) = default;
};

/// Zero switches a timeout off (GEP-1742).
struct HTTPRouteTimeouts {
  std::optional<Millis> request;
  std::optional<Millis> backend_request;
  friend bool operator==(const HTTPRouteTimeouts&, const HTTPRouteTimeouts&) = default;
};
/// GEP-1731, experimental.
struct HTTPRouteRetry {
  std::vector<std::uint16_t> codes;
  std::optional<std::int32_t> attempts;
  std::optional<Millis> backoff;
  friend bool operator==(const HTTPRouteRetry&, const HTTPRouteRetry&) = default;
};
/// GEP-1619, experimental.
enum class SessionPersistenceType : std::uint8_t { Cookie, Header, Unknown };
enum class CookieLifetimeType : std::uint8_t { Session, Permanent, Unknown };
struct SessionPersistence {
  std::optional<std::string> session_name;
  std::optional<Millis> absolute_timeout;
  OpenEnum<SessionPersistenceType> type = SessionPersistenceType::Cookie;
  OpenEnum<CookieLifetimeType> cookie_lifetime = CookieLifetimeType::Session;
  friend bool operator==(const SessionPersistence&, const SessionPersistence&) = default;
};

/// What rules of HTTPRoutes and GRPCRoutes have in common: what becomes of a request that matched.
struct HTTPRuleParts {
  Rare<std::string> name;
  SharedList<HTTPRouteFilter> filters;
  SharedList<HTTPBackendRef> backend_refs;
  Rare<HTTPRouteTimeouts> timeouts;
  Rare<HTTPRouteRetry> retry;
  Rare<SessionPersistence> session_persistence;
  friend bool operator==(const HTTPRuleParts&, const HTTPRuleParts&) = default;
};

/// What a rule has that says nothing of matches.
[[nodiscard]] const SharedList<HTTPRouteMatch>& every_http_request();
struct HTTPRouteRule : HTTPRuleParts {
  SharedList<HTTPRouteMatch> matches = every_http_request();  ///< any may hold; an empty list written so stays empty
  friend bool operator==(const HTTPRouteRule&, const HTTPRouteRule&) = default;
};

struct HTTPRouteSpec {
  SharedList<ParentReference> parent_refs;
  SharedList<std::string> hostnames;  ///< lower case, maybe "*.example.com"; empty: those of the listener
  std::vector<HTTPRouteRule> rules{HTTPRouteRule{}};
  std::optional<OpenEnum<DefaultScope>> use_default_gateways;
  friend bool operator==(const HTTPRouteSpec&, const HTTPRouteSpec&) = default;
};

struct HTTPRoute {
  static constexpr Kind kind = Kind::HTTPRoute;
  ObjectMeta metadata;
  HTTPRouteSpec spec;
  RouteStatus status;
  friend bool operator==(const HTTPRoute&, const HTTPRoute&) = default;
};

}  // namespace pintle::api
