#include "controller/api/check_http_route.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

/// Only when exactly one filter of its type in the list replaces a prefix does the CRD ask (exists_one).
bool one_replaces_prefix(const SharedList<HTTPRouteFilter>& filters, HTTPFilterType type) {
  return std::ranges::count_if(filters, [&](const HTTPRouteFilter& filter) {
           return filter.type == type && replaces_prefix(filter);
         }) == 1;
}

bool has_one_prefix_match(const HTTPRouteRule& rule) {
  return rule.matches.size() == 1 && rule.matches[0].path.type == PathMatchType::PathPrefix;
}

void check_prefix(const Field& field, const HTTPRouteRule& rule, const SharedList<HTTPRouteFilter>& filters) {
  for (const HTTPFilterType type : {HTTPFilterType::RequestRedirect, HTTPFilterType::URLRewrite}) {
    if (!one_replaces_prefix(filters, type) || has_one_prefix_match(rule)) continue;
    field.report({.id = "GW0405",
                  .message = fmt::format(
                      "a {} filter with replacePrefixMatch needs exactly one match of type PathPrefix in its rule",
                      to_string(type)),
                  .fix = "give the rule one PathPrefix match, or use ReplaceFullPath"});
  }
}

bool same_parent(const ParentReference& a, const ParentReference& b) {
  return a.group == b.group && a.kind == b.kind && a.name == b.name && a.ns.value_or("") == b.ns.value_or("");
}

}  // namespace

void check_rule(const Field& field, const HTTPRouteRule& rule) {
  const Member* filters = field.value().find("filters");
  const bool redirects = std::ranges::any_of(
      rule.filters, [](const HTTPRouteFilter& filter) { return filter.get<HTTPRequestRedirectFilter>() != nullptr; });
  if (redirects && !rule.backend_refs.empty()) {
    field.member(*filters).report({.id = "GW0404",
                                   .message = "a RequestRedirect filter must not be used together with backendRefs",
                                   .fix = "remove backendRefs: a redirect is answered by the gateway itself"});
  }
  if (filters != nullptr) check_prefix(field.member(*filters), rule, rule.filters);
  const Member* backends = field.value().find("backendRefs");
  if (backends == nullptr) return;
  const Field list = field.member(*backends);
  for (std::size_t at = 0; at < rule.backend_refs.size(); ++at)
    check_prefix(list.item(at), rule, rule.backend_refs[at].filters);
}

void check_rules(const Field& list, const std::vector<HTTPRouteRule>& rules) {
  std::size_t matches = 0;
  for (const HTTPRouteRule& rule : rules) matches += rule.matches.size();
  if (matches > 128) {
    list.report({.id = "GW0409",
                 .message = fmt::format("the route has {} matches, at most 128 are allowed in all its rules", matches),
                 .fix = "split the route"});
  }
  for (std::size_t at = 1; at < rules.size(); ++at) {
    for (std::size_t before = 0; before < at; ++before) {
      if (!rules[at].name || rules[at].name != rules[before].name) continue;
      // the experimental channel refuses it, the standard one does not
      list.item(at).report({.id = "GW0410",
                            .message = fmt::format("rule name {} is used twice", quote(*rules[at].name)),
                            .fix = "give each rule a name of its own",
                            .severity = Severity::Warning});
      break;
    }
  }
}

void check_parent_references(const Field& list, const std::vector<ParentReference>& parents) {
  for (std::size_t at = 1; at < parents.size(); ++at) {
    const ParentReference& one = parents[at];
    for (std::size_t before = 0; before < at; ++before) {
      const ParentReference& other = parents[before];
      if (!same_parent(one, other)) continue;
      const bool alike = one.section_name.has_value() == other.section_name.has_value() &&
                         one.port.has_value() == other.port.has_value();
      const bool equal = one.section_name == other.section_name && one.port == other.port;
      if (alike && !equal) continue;
      list.item(at).report(
          {.id = "GW0408",
           .message = equal ? fmt::format("refers to {} {} like item {} does", one.kind, quote(one.name), before)
                            : fmt::format("sectionName or port must be given in every reference to {} {}", one.kind,
                                          quote(one.name)),
           .fix = equal ? "remove it, or give each its own sectionName or port"
                        : "give both references a sectionName, or both a port"});
      break;
    }
  }
}

}  // namespace pintle::api
