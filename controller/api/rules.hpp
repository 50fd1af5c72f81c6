// Forms of text values, as the CRDs and the API server demand them. Pure predicates, no regular expressions:
// each is one pass over the bytes.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>

namespace pintle::api {

/// [a-z0-9]([-a-z0-9]*[a-z0-9])?, no length limit here.
[[nodiscard]] bool is_dns_label(std::string_view text) noexcept;
/// Labels joined by dots.
[[nodiscard]] bool is_dns_subdomain(std::string_view text) noexcept;
/// RFC 1035: a label that starts with a letter (names of Services).
[[nodiscard]] bool is_dns1035_label(std::string_view text) noexcept;
/// A subdomain, or "*." before one.
[[nodiscard]] bool is_hostname(std::string_view text) noexcept;
/// Group of an API: empty or a subdomain.
[[nodiscard]] bool is_group(std::string_view text) noexcept;
/// [a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?
[[nodiscard]] bool is_kind_name(std::string_view text) noexcept;
/// Subdomain, a slash, and at least one character of a path.
[[nodiscard]] bool is_domain_prefixed_path(std::string_view text) noexcept;
/// A word of letters, digits and dashes, or a domain-prefixed one.
[[nodiscard]] bool is_protocol(std::string_view text) noexcept;
[[nodiscard]] bool is_address_type(std::string_view text) noexcept;
/// RFC 9110 section 5.6.2 `token`.
[[nodiscard]] bool is_header_name(std::string_view text) noexcept;
/// No control character but the tab: what RFC 9110 section 5.5 lets stand on the wire.
[[nodiscard]] bool is_header_value(std::string_view text) noexcept;
/// Characters of a path (RFC 3986 pchar and "/"), percent escapes whole, at least one.
[[nodiscard]] bool is_path_text(std::string_view text) noexcept;
/// nullopt when a path of an Exact or PathPrefix match is sound, else what it must not hold.
[[nodiscard]] std::optional<std::string> find_path_fault(std::string_view path);
/// "*" or scheme://host[:port], host maybe with "*." before it or "*".
[[nodiscard]] bool is_cors_origin(std::string_view text) noexcept;
/// Label and annotation keys: optional subdomain and slash, then a name of at most 63.
[[nodiscard]] bool is_qualified_name(std::string_view text) noexcept;
[[nodiscard]] bool is_label_value(std::string_view text) noexcept;
[[nodiscard]] bool is_ip_address(std::string_view text) noexcept;
[[nodiscard]] bool is_any_text(std::string_view text) noexcept;

/// GEP-2257: one to four of digits (at most five) and h, m, s or ms.
[[nodiscard]] std::optional<Millis> find_duration(std::string_view text) noexcept;
/// RFC 3339 date and time, fraction dropped.
[[nodiscard]] std::optional<Wall> find_timestamp(std::string_view text) noexcept;
/// RFC 4648 section 4 with padding; line breaks between are allowed.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pintle::api
