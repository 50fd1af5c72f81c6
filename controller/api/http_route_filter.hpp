// Filters of an HTTPRoute rule or backendRef.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controller/api/object.hpp"
#include "controller/api/references.hpp"

namespace pintle::api {

enum class HTTPFilterType : std::uint8_t {
  RequestHeaderModifier,
  ResponseHeaderModifier,
  RequestMirror,
  RequestRedirect,
  URLRewrite,
  CORS,
  ExternalAuth,
  ExtensionRef,
  Unknown,
};
[[nodiscard]] std::string_view to_string(HTTPFilterType type) noexcept;

struct HTTPHeader {
  std::string name;
  std::string value;
  friend bool operator==(const HTTPHeader&, const HTTPHeader&) = default;
};
/// Of requests and of responses; the filter's type says which.
struct HTTPHeaderFilter {
  std::vector<HTTPHeader> set;
  std::vector<HTTPHeader> add;
  std::vector<std::string> remove;
  friend bool operator==(const HTTPHeaderFilter&, const HTTPHeaderFilter&) = default;
};

/// A percentage is numerator of 100; absent means every request.
struct Fraction {
  std::int32_t numerator = 0;
  std::int32_t denominator = 100;
  friend bool operator==(const Fraction&, const Fraction&) = default;
};
struct HTTPRequestMirrorFilter {
  BackendObjectReference backend_ref;
  std::optional<std::int32_t> percent;
  std::optional<Fraction> fraction;
  friend bool operator==(const HTTPRequestMirrorFilter&, const HTTPRequestMirrorFilter&) = default;
};

enum class PathModifierType : std::uint8_t { ReplaceFullPath, ReplacePrefixMatch, Unknown };
struct HTTPPathModifier {
  OpenEnum<PathModifierType> type;
  std::string replacement;  ///< of the field the type names; may be empty
  friend bool operator==(const HTTPPathModifier&, const HTTPPathModifier&) = default;
};
struct HTTPRequestRedirectFilter {
  std::optional<std::string> scheme;    ///< "http" or "https"; nullopt: that of the request
  std::optional<std::string> hostname;  ///< nullopt: that of the request
  std::optional<HTTPPathModifier> path;
  std::optional<std::uint16_t> port;  ///< nullopt: the rules of the API by scheme and listener port
  std::uint16_t status_code = 302;
  friend bool operator==(const HTTPRequestRedirectFilter&, const HTTPRequestRedirectFilter&) = default;
};
struct HTTPURLRewriteFilter {
  std::optional<std::string> hostname;
  std::optional<HTTPPathModifier> path;
  friend bool operator==(const HTTPURLRewriteFilter&, const HTTPURLRewriteFilter&) = default;
};
struct HTTPCORSFilter {
  std::vector<std::string> allow_origins;
  std::optional<bool> allow_credentials;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  std::int32_t max_age = 5;  ///< seconds
  friend bool operator==(const HTTPCORSFilter&, const HTTPCORSFilter&) = default;
};

enum class ExternalAuthProtocol : std::uint8_t { HTTP, GRPC, Unknown };
struct HTTPExternalAuthFilter {
  OpenEnum<ExternalAuthProtocol> protocol;
  BackendObjectReference backend_ref;
  std::vector<std::string> allowed_headers;           ///< of `grpc` or `http`, by protocol
  std::string http_path;                              ///< protocol HTTP
  std::vector<std::string> allowed_response_headers;  ///< protocol HTTP
  std::optional<std::uint32_t> forward_body_max_size;
  friend bool operator==(const HTTPExternalAuthFilter&, const HTTPExternalAuthFilter&) = default;
};

struct HTTPRouteFilter {
  OpenEnum<HTTPFilterType> type;
  /// Holds the alternative of the type; monostate for an unknown type or when its field is missing.
  std::variant<std::monostate, HTTPHeaderFilter, HTTPRequestMirrorFilter, HTTPRequestRedirectFilter,
               HTTPURLRewriteFilter, HTTPCORSFilter, HTTPExternalAuthFilter, LocalObjectReference>
      config;
  friend bool operator==(const HTTPRouteFilter&, const HTTPRouteFilter&) = default;

  template <class T>
  [[nodiscard]] const T* get() const noexcept {
    return std::get_if<T>(&config);
  }
};

}  // namespace pintle::api
