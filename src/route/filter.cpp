#include <algorithm>
#include <cassert>
#include <iterator>

#include <fmt/format.h>

#include <pintle/route/filter.hpp>

namespace pintle::route {
namespace {

std::string_view without_trailing_slash(std::string_view path) noexcept {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

/// An empty path is "/", and every path starts with a slash (RFC 9110 section 4.2.3).
std::string rooted(std::string path) {
  if (!path.starts_with('/')) path.insert(path.begin(), '/');
  return path;
}

/// The matched segments go, the replacement comes; between it and what follows stands exactly one slash.
std::string replace_prefix(const ReplacePrefixMatch& modifier, std::string_view path) {
  const std::string_view prefix = without_trailing_slash(modifier.matched_prefix);
  if (!path.starts_with(prefix)) return std::string(path);
  const std::string_view rest = path.substr(prefix.size());
  // Nothing follows: the replacement as it was written, its trailing slash included.
  if (rest.empty()) return rooted(modifier.replacement);
  std::string result(without_trailing_slash(modifier.replacement));
  result += rest;
  return rooted(std::move(result));
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (scheme == "http") return 80;
  if (scheme == "https") return 443;
  return 0;
}

/// Which port the Location is about (HTTPRequestRedirectFilter.port).
std::uint16_t redirect_port(const Redirect& redirect, const RedirectRequest& request) noexcept {
  if (redirect.port) return *redirect.port;
  const std::uint16_t well_known = redirect.scheme ? default_port(*redirect.scheme) : std::uint16_t{0};
  return well_known != 0 ? well_known : request.listener_port;
}

bool is_bare_ipv6(std::string_view host) noexcept { return host.find(':') != std::string_view::npos && host[0] != '['; }

}  // namespace

std::string modify_path(const PathModifier& modifier, std::string_view path) {
  if (const auto* full = std::get_if<ReplaceFullPath>(&modifier)) return rooted(full->path);
  if (const auto* prefix = std::get_if<ReplacePrefixMatch>(&modifier)) return replace_prefix(*prefix, path);
  return std::string(path);
}

std::string make_location(const Redirect& redirect, const RedirectRequest& request) {
  const std::string_view scheme = redirect.scheme ? std::string_view(*redirect.scheme) : request.scheme;
  const std::string_view host = redirect.hostname ? std::string_view(*redirect.hostname) : request.host;
  std::string location;
  const auto out = std::back_inserter(location);
  const std::string path =
      rooted(redirect.path ? modify_path(*redirect.path, request.path) : std::string(request.path));
  if (!host.empty()) {
    const bool bracketed = is_bare_ipv6(host);
    fmt::format_to(out, "{}://{}{}{}", scheme, bracketed ? "[" : "", host, bracketed ? "]" : "");
    const std::uint16_t port = redirect_port(redirect, request);
    if (port != 0 && port != default_port(scheme)) fmt::format_to(out, ":{}", port);
  } else if (path.starts_with("//")) {
    // HTTP/1.0 without Host: a reference without authority. "//x" would name a host (RFC 3986 section 4.2).
    location += "/.";
  }
  location += path;
  if (!request.query.empty()) fmt::format_to(out, "?{}", request.query);
  return location;
}

const WeightedBackend& Forward::choose(std::uint64_t point) const noexcept {
  assert(!backends.empty() && point < total_weight);
  for (const WeightedBackend& backend : backends) {
    if (point < backend.weight) return backend;
    point -= backend.weight;
  }
  return backends.back();
}

}  // namespace pintle::route
