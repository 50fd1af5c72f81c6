#include "controller/resolve/sessions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <pintle/base/stable_hash.hpp>
#include <pintle/http/headers.hpp>

#include "controller/api/document.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

/// RFC 9110 section 5.6.2. Of a cookie the same is asked (RFC 6265 section 4.1.1).
bool is_token(std::string_view text) noexcept {
  static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.contains(c);
  });
}

bool begins_with(std::string_view name, std::string_view prefix) noexcept {
  return http::name_equals(name.substr(0, prefix.size()), prefix);
}

/// A field that others read already.
bool is_taken(std::string_view name) noexcept {
  return http::find_header_id(name) != http::HeaderId::Other || begins_with(name, "grpc-");
}

/// Names that browsers take only with attributes which a session's cookie need not have (RFC 6265bis section 4.1.3).
bool is_prefixed(std::string_view name) noexcept {
  return begins_with(name, "__Host-") || begins_with(name, "__Secure-");
}

std::optional<std::chrono::seconds> whole_seconds(const std::optional<Millis>& timeout) {
  if (!timeout || timeout->count() <= 0) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(*timeout);
}

}  // namespace

std::string session_scope(const route::RuleSource& source) {
  // No rule is named so.
  const std::string rule = source.name.empty() ? fmt::format("#{}", source.index) : source.name;
  return fmt::format("{} {} {}", source.kind, source.route, rule);
}

std::optional<route::Session> resolve_session(const api::SessionPersistence& spec, std::string_view scope,
                                              const std::string& field, Problems& problems) {
  const auto refuse = [&](std::string_view part, std::string message) {
    problems.push_back({fmt::format("{}{}", field, part), std::string(reason::unsupported_value), std::move(message)});
    return std::nullopt;
  };
  if (spec.type.is_unknown())
    return refuse(".type", fmt::format("{} is not known; use Cookie or Header", api::quote(spec.type.text())));
  if (spec.cookie_lifetime.is_unknown())
    return refuse(".cookieConfig.lifetimeType",
                  fmt::format("{} is not known; use Session or Permanent", api::quote(spec.cookie_lifetime.text())));
  route::Session session;
  if (spec.type == api::SessionPersistenceType::Header) session.carrier = route::SessionCarrier::Header;
  session.name = spec.session_name && !spec.session_name->empty()
                     ? *spec.session_name
                     : fmt::format("pintle-session-{:08x}", static_cast<std::uint32_t>(stable_hash(scope)));
  if (!is_token(session.name))
    return refuse(".sessionName", fmt::format("{} cannot name a cookie or a header; use letters, digits, '-' and '_'",
                                              api::quote(session.name)));
  if (session.carrier == route::SessionCarrier::Header && is_taken(session.name))
    return refuse(".sessionName",
                  fmt::format("the header {} has a meaning already; choose another name", session.name));
  if (session.carrier == route::SessionCarrier::Cookie && is_prefixed(session.name))
    return refuse(".sessionName",
                  fmt::format("browsers take a cookie {} only with attributes that this one need not have; choose "
                              "a name without that prefix",
                              api::quote(session.name)));
  session.absolute_timeout = whole_seconds(spec.absolute_timeout);
  if (spec.cookie_lifetime == api::CookieLifetimeType::Permanent) {
    if (!session.absolute_timeout)
      return refuse(".absoluteTimeout", "a cookie of lifetimeType Permanent needs one longer than 0s");
    session.lifetime = route::CookieLifetime::Permanent;
  }
  return session;
}

}  // namespace pintle::resolve
