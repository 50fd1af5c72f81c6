#include "src/app/validate_world.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "src/app/finding_writer.hpp"
#include "src/app/grant_use.hpp"
#include "src/app/shadowed_rules.hpp"

namespace pintle::app {
namespace {

/// "default/shop" to the key of that object.
[[nodiscard]] api::ObjectKey key_of(api::Kind kind, const std::string& name) {
  const std::size_t slash = std::min(name.find('/'), name.size());
  return {kind, name.substr(0, slash), name.substr(std::min(slash + 1, name.size()))};
}

void add_notes(FindingWriter& out, const api::ObjectKey& object, const std::string& field_path,
               const std::vector<std::string>& notes) {
  for (const std::string& note : notes) out.add(find_cross_finding("GW0903"), {object, field_path}, note);
}

/// Of a Gateway or ListenerSet.
void check_listeners(FindingWriter& out, const api::ObjectKey& key,
                     const std::vector<resolve::ListenerReport>& listeners) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const resolve::ListenerReport& listener = listeners[i];
    out.add(key, listener.accepted);
    out.add(key, listener.resolved_refs);
    if (listener.overlap) out.add(key, {*listener.overlap});
    add_notes(out, key, fmt::format("spec.listeners[{}]", i), listener.notes);
  }
}

void check_gateway(FindingWriter& out, const resolve::GatewayReport& gateway) {
  const api::ObjectKey& key = gateway.object.key;
  out.add(key, gateway.accepted);
  out.add(key, gateway.resolved_refs);
  out.add(key, gateway.programmed);
  add_notes(out, key, {}, gateway.notes);
  check_listeners(out, key, gateway.listeners);
  for (const resolve::ListenerSetReport& set : gateway.sets) {
    out.add(set.object.key, set.accepted);
    check_listeners(out, set.object.key, set.listeners);
  }
}

/// Those that add listeners to nothing that is served here.
void check_sets(FindingWriter& out, const OfflineWorld& world) {
  std::set<api::ObjectKey> judged;
  for (const resolve::GatewayReport& gateway : world.resolution.report.gateways)
    for (const resolve::ListenerSetReport& set : gateway.sets) judged.insert(set.object.key);
  for (const api::ListenerSet& set : world.snapshot.all<api::ListenerSet>())
    if (const api::ObjectKey key = api::key_of(set); !judged.contains(key))
      out.add(find_cross_finding("GW0902"), {key, "spec.parentRef"}, "parentRef names no Gateway that is served here");
}

void check_route(FindingWriter& out, const resolve::RouteReport& route) {
  const api::ObjectKey& key = route.object.key;
  if (route.parents.empty())
    out.add(find_cross_finding("GW0902"), {key, "spec.parentRefs"},
            "no parentRef names a Gateway or ListenerSet that is served here");
  for (const resolve::ParentReport& parent : route.parents) {
    out.add(key, parent.accepted);
    out.add(key, parent.resolved_refs);
    out.add(key, parent.dropped);
    add_notes(out, key, "spec.parentRefs", parent.notes);
  }
}

/// Alike at each of its Gateways.
void check_policy(FindingWriter& out, const resolve::RouteReport& policy) {
  if (policy.parents.empty()) return;
  out.add(policy.object.key, policy.parents.front().accepted);
  out.add(policy.object.key, policy.parents.front().resolved_refs);
}

void check_rules(FindingWriter& out, const runtime::Compiled& compiled) {
  for (const Shadowed& shadowed : find_shadowed(compiled)) {
    const std::string rule = fmt::format("spec.rules[{}]", shadowed.rule.index);
    const api::Kind kind = api::find_kind(api::gateway_group, shadowed.rule.kind).value_or(api::Kind::HTTPRoute);
    const api::ObjectKey key = key_of(kind, shadowed.rule.route);
    const std::string because =
        fmt::format("{} takes its requests: {} (host {})", shadowed.winner, shadowed.why, shadowed.host);
    if (shadowed.match)
      out.add(find_cross_finding("GW0702"), {key, fmt::format("{}.matches[{}]", rule, *shadowed.match)},
              "the match can never win, " + because);
    else
      out.add(find_cross_finding("GW0701"), {key, rule}, "the rule can never win, " + because);
  }
}

void check_certificates(FindingWriter& out, const runtime::Certs& certs, const ValidationSettings& settings) {
  for (const auto& certificate : certs.certificates) {
    if (certificate->source.find('/') == std::string::npos) continue;  // of the own CA, which renews it
    const Wall end{std::chrono::seconds(certificate->not_after)};
    if (end > settings.now + std::chrono::days(settings.expiry_days)) continue;
    const api::ObjectKey key = key_of(api::Kind::Secret, certificate->source);
    const std::string names = fmt::format("{}", fmt::join(certificate->dns_names, ", "));
    if (end <= settings.now)
      out.add(find_cross_finding("GW0802"), {key, {}},
              fmt::format("the certificate for {} has ended {}", names, format_rfc3339(end)));
    else
      out.add(find_cross_finding("GW0801"), {key, {}},
              fmt::format("the certificate for {} ends {}, in {} days", names, format_rfc3339(end),
                          std::chrono::duration_cast<std::chrono::days>(end - settings.now).count()));
  }
}

}  // namespace

std::vector<api::Finding> find_faults(const OfflineWorld& world, const ValidationSettings& settings) {
  FindingWriter out(world.manifests.objects);
  const resolve::StatusReport& report = world.resolution.report;
  for (const resolve::ClassReport& one : report.classes) out.add(one.object.key, one.accepted);
  for (const resolve::GatewayReport& gateway : report.gateways) check_gateway(out, gateway);
  check_sets(out, world);
  for (const resolve::RouteReportPtr& route : report.routes) check_route(out, *route);
  for (const resolve::RouteReportPtr& policy : report.policies) check_policy(out, *policy);
  check_rules(out, world.compiled);
  if (world.compiled.certs) check_certificates(out, *world.compiled.certs, settings);
  for (const api::ReferenceGrant* grant : find_unused_grants(world.snapshot))
    out.add(find_cross_finding("GW0901"), {api::key_of(*grant), {}}, "no reference of these manifests needs the grant");
  std::vector<api::Finding> found = out.take();
  api::add_ways_out(found);
  return found;
}

}  // namespace pintle::app
