#include "controller/resolve/filters.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/http/connection_field.hpp>
#include <pintle/http/headers.hpp>
#include <pintle/http/target.hpp>

#include "controller/api/document.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/rule_references.hpp"

namespace pintle::resolve {
namespace {

using api::HTTPFilterType;

/// Of entries with one name, however spelled, only the first counts (HTTPHeaderFilter).
template <class T>
bool has_name(const std::vector<T>& list, std::string_view name) {
  return std::ranges::any_of(list, [&](const T& one) { return http::name_equals(one.name, name); });
}

/// As the fields of the answer list them; a star among others stands for all of them.
std::string join_or_star(const std::vector<std::string>& words) {
  return std::ranges::find(words, "*") != words.end() ? "*" : fmt::format("{}", fmt::join(words, ", "));
}

/// One header filter; names that no filter may touch are left out and told.
class EditsReader {
 public:
  EditsReader(const std::string& field, std::vector<std::string>& notes) : field_(field), notes_(notes) {}

  route::HeaderEdits read(const api::HTTPHeaderFilter& filter) {
    route::HeaderEdits edits;
    add_lines(filter.set, edits.set);
    add_lines(filter.add, edits.add);
    for (const std::string& name : filter.remove) {
      const http::HeaderId id = http::find_header_id(name);
      if (id == http::HeaderId::Host)
        notes_.push_back(fmt::format("{}: every request has a Host, so it is not removed", field_));
      else if (may_edit(name, id) && !has_name(edits.remove, name))
        edits.remove.push_back({name, id});
    }
    return edits;
  }

 private:
  bool may_edit(const std::string& name, http::HeaderId id) {
    // A filter that named one could make two readers see two messages.
    if (!http::is_connection_field(id)) return true;
    notes_.push_back(fmt::format("{}: {} belongs to the connection and is not changed by filters", field_, name));
    return false;
  }

  void add_lines(const std::vector<api::HTTPHeader>& from, std::vector<route::HeaderLine>& to) {
    for (const api::HTTPHeader& line : from) {
      const http::HeaderId id = http::find_header_id(line.name);
      if (may_edit(line.name, id) && !has_name(to, line.name)) to.push_back({line.name, line.value, id});
    }
  }

  const std::string& field_;
  std::vector<std::string>& notes_;
};

class FilterReader {
 public:
  explicit FilterReader(const FilterList& list) : list_(list) {}

  ResolvedFilters read() && {
    for (std::size_t at = 0; at < list_.filters.size(); ++at) {
      field_ = fmt::format("{}[{}]", list_.field, at);
      if (!is_repeated(at)) read_one(list_.filters[at]);
      if (find_reference(list_.filters[at]) != nullptr) ++references_;
    }
    if (made_.redirect && made_.message.rewrite) {
      field_ = list_.field;
      refuse(reason::incompatible_filters,
             "RequestRedirect and URLRewrite contradict each other; a redirect can change host and path itself");
    }
    return std::move(made_);
  }

 private:
  void refuse(std::string_view reason, std::string message) {
    made_.problems.push_back({field_, std::string(reason), std::move(message)});
  }

  /// Mirrors may stand side by side, and of extensions nothing is known; of all others the API allows one.
  bool is_repeated(std::size_t at) {
    const HTTPFilterType type = list_.filters[at].type;
    constexpr std::array<HTTPFilterType, 6> once{HTTPFilterType::RequestHeaderModifier,
                                                 HTTPFilterType::ResponseHeaderModifier,
                                                 HTTPFilterType::RequestRedirect,
                                                 HTTPFilterType::URLRewrite,
                                                 HTTPFilterType::CORS,
                                                 HTTPFilterType::ExternalAuth};
    const auto end = list_.filters.begin() + static_cast<std::ptrdiff_t>(at);
    const bool before =
        std::any_of(list_.filters.begin(), end, [&](const api::HTTPRouteFilter& one) { return one.type == type; });
    if (!before || std::ranges::find(once, type) == once.end()) return false;
    refuse(reason::incompatible_filters,
           fmt::format("a filter of type {} cannot be repeated; merge the two", api::to_string(type)));
    return true;
  }

  void read_one(const api::HTTPRouteFilter& filter) {
    switch (filter.type.value) {
      case HTTPFilterType::RequestHeaderModifier:
      case HTTPFilterType::ResponseHeaderModifier:
        read_headers(filter);
        break;
      case HTTPFilterType::RequestRedirect:
        read_redirect(filter);
        break;
      case HTTPFilterType::URLRewrite:
        read_rewrite(filter);
        break;
      case HTTPFilterType::CORS:
        read_cors(filter);
        break;
      case HTTPFilterType::ExtensionRef:
        refuse_extension(filter);
        break;
      case HTTPFilterType::RequestMirror:
        read_mirror(filter);
        break;
      case HTTPFilterType::ExternalAuth:
        read_auth(filter);
        break;
      case HTTPFilterType::Unknown:
        refuse(reason::unsupported_value, fmt::format("filter type {} is not known", api::quote(filter.type.text())));
        break;
    }
  }

  void refuse_empty(const api::HTTPRouteFilter& filter) {
    refuse(reason::unsupported_value,
           fmt::format("the filter of type {} says nothing of what to do", api::to_string(filter.type)));
  }

  void read_headers(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPHeaderFilter>();
    if (config == nullptr) return refuse_empty(filter);
    const bool request = filter.type == HTTPFilterType::RequestHeaderModifier;
    if (request && !made_.auth) edits_first_ = true;
    route::HeaderEdits edits = EditsReader(field_, made_.notes).read(*config);
    if (edits.empty()) return;
    (request ? made_.message.request : made_.message.response) = std::move(edits);
  }

  /// ReplacePrefixMatch is only compatible with one match of type PathPrefix (HTTPPathModifier).
  route::PathModifier read_modifier(const std::optional<api::HTTPPathModifier>& modifier) {
    if (!modifier) return {};
    if (modifier->type == api::PathModifierType::ReplaceFullPath) return route::ReplaceFullPath{modifier->replacement};
    if (modifier->type.is_unknown()) {
      refuse(reason::unsupported_value,
             fmt::format("path type {} is not supported; use ReplaceFullPath or ReplacePrefixMatch",
                         api::quote(modifier->type.text())));
      return {};
    }
    if (list_.prefix) return route::ReplacePrefixMatch{*list_.prefix, modifier->replacement};
    refuse(reason::incompatible_filters,
           "ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix; use ReplaceFullPath");
    return {};
  }

  void read_redirect(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPRequestRedirectFilter>();
    if (config == nullptr) return refuse_empty(filter);
    if (list_.place == FilterPlace::BackendRef)
      return refuse(reason::unsupported_value, "a redirect has no backend; move the filter to the rule");
    if (config->scheme && *config->scheme != "http" && *config->scheme != "https")
      return refuse(reason::unsupported_value,
                    fmt::format("scheme {} is not supported; use http or https", api::quote(*config->scheme)));
    constexpr std::array<std::uint16_t, 5> codes{301, 302, 303, 307, 308};
    if (std::ranges::find(codes, config->status_code) == codes.end())
      return refuse(reason::unsupported_value,
                    fmt::format("statusCode {} is not one of 301, 302, 303, 307, 308", config->status_code));
    route::Redirect redirect;
    redirect.scheme = config->scheme;
    redirect.hostname = config->hostname;
    if (config->path) redirect.path = read_modifier(config->path);
    redirect.port = config->port;
    redirect.status = config->status_code;
    made_.redirect = std::move(redirect);
  }

  void read_rewrite(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPURLRewriteFilter>();
    if (config == nullptr) return refuse_empty(filter);
    made_.message.rewrite = route::UrlRewrite{config->hostname, read_modifier(config->path)};
  }

  void read_mirror(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPRequestMirrorFilter>();
    if (config == nullptr) return refuse_empty(filter);
    MirrorFilter& made = made_.mirrors.emplace_back();
    made.field = field_ + ".requestMirror.backendRef";
    made.reference = references_;
    const api::Fraction whole{1, 1};
    const api::Fraction share =
        config->percent ? api::Fraction{*config->percent, 100} : config->fraction.value_or(whole);
    made.mirror.denominator = static_cast<std::uint32_t>(std::max(share.denominator, 1));
    made.mirror.numerator = std::min(static_cast<std::uint32_t>(std::max(share.numerator, 0)), made.mirror.denominator);
  }

  /// The path may be any text of the schema: it becomes one that a request can have, as the API demands of us.
  std::optional<std::string> read_auth_path(const std::string& text) {
    std::string path = text.starts_with('/') || text.empty() ? text : "/" + text;
    if (path.empty()) return path;
    const http::NormalisedPath normal = http::normalise_path(path, http::PathRules{});
    if (normal.refusal) {
      refuse(reason::unsupported_value,
             fmt::format("externalAuth.http.path: no request can have the path {}", api::quote(text)));
      return std::nullopt;
    }
    std::string made(normal.path);
    if (made.ends_with('/')) made.pop_back();  // the path of the request follows
    return made;
  }

  void read_auth(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPExternalAuthFilter>();
    if (config == nullptr) return refuse_empty(filter);
    if (config->protocol.is_unknown())
      return refuse(reason::unsupported_value, fmt::format("externalAuth.protocol {} is not known; use HTTP or GRPC",
                                                           api::quote(config->protocol.text())));
    std::optional<std::string> path = read_auth_path(config->http_path);
    if (!path) return;
    AuthFilter made;
    made.field = field_ + ".externalAuth.backendRef";
    made.reference = references_;
    made.auth.protocol = config->protocol == api::ExternalAuthProtocol::GRPC ? route::ExternalAuth::Protocol::Grpc
                                                                             : route::ExternalAuth::Protocol::Http;
    made.auth.path = std::move(*path);
    made.auth.request_headers = config->allowed_headers;
    made.auth.response_headers = config->allowed_response_headers;
    made.auth.max_body = config->forward_body_max_size.value_or(0);
    made.auth.before_edits = !edits_first_;
    made_.auth = std::move(made);
  }

  void read_cors(const api::HTTPRouteFilter& filter) {
    const auto* config = filter.get<api::HTTPCORSFilter>();
    if (config == nullptr) return refuse_empty(filter);
    route::Cors cors;
    for (std::size_t at = 0; at < config->allow_origins.size(); ++at) {
      const std::string& text = config->allow_origins[at];
      if (text == "*") {
        cors.any_origin = true;
      } else if (auto pattern = route::parse_origin_pattern(text)) {
        cors.origins.push_back(std::move(*pattern));
      } else {
        refuse(reason::unsupported_value,
               fmt::format("cors.allowOrigins[{}]: {} is no origin; write \"*\", https://host or https://*.domain", at,
                           api::quote(text)));
      }
    }
    cors.credentials = config->allow_credentials.value_or(false);
    cors.methods = join_or_star(config->allow_methods);
    cors.headers = join_or_star(config->allow_headers);
    cors.exposed = join_or_star(config->expose_headers);
    cors.max_age = fmt::format("{}", config->max_age);
    made_.message.cors = std::move(cors);
  }

  void refuse_extension(const api::HTTPRouteFilter& filter) {
    const auto* ref = filter.get<api::LocalObjectReference>();
    if (ref == nullptr) return refuse_empty(filter);
    const std::string message = fmt::format("there are no filters of kind {}/{}; remove the extensionRef to {}",
                                            ref->group, ref->kind, ref->name);
    made_.resolved_refs.push_back({field_ + ".extensionRef", std::string(reason::invalid_kind), message});
    refuse(reason::unsupported_value, message);
  }

  const FilterList& list_;
  std::string field_;
  std::size_t references_ = 0;  ///< before this filter
  bool edits_first_ = false;    ///< RequestHeaderModifier came, and no ExternalAuth before it
  ResolvedFilters made_;
};

}  // namespace

ResolvedFilters resolve_filters(const FilterList& list) { return FilterReader(list).read(); }

}  // namespace pintle::resolve
