#include "controller/resolve/grants.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

bool allows(const api::ReferenceGrant& grant, const Reference& reference) {
  const bool from = std::ranges::any_of(grant.spec.from, [&](const api::ReferenceGrantFrom& one) {
    return one.group == reference.from_group && one.kind == reference.from_kind && one.ns == reference.from_namespace;
  });
  return from && std::ranges::any_of(grant.spec.to, [&](const api::ReferenceGrantTo& one) {
           return one.group == reference.to_group && one.kind == reference.to_kind &&
                  (!one.name || one.name->empty() || *one.name == reference.to_name);
         });
}

}  // namespace

bool is_permitted(const store::ClusterSnapshot& snapshot, const Reference& reference, RefSet& refs) {
  if (reference.from_namespace == reference.to_namespace) return true;
  refs.insert(every(api::Kind::ReferenceGrant, reference.to_namespace));
  const auto grants = snapshot.all<api::ReferenceGrant>();  // by namespace, then name
  const auto places = std::views::iota(std::size_t{0}, grants.size());
  const auto ns_of = [&](std::size_t at) -> std::string_view { return grants[at].metadata.ns; };
  return std::ranges::any_of(std::ranges::equal_range(places, reference.to_namespace, {}, ns_of),
                             [&](std::size_t at) { return allows(grants[at], reference); });
}

std::string describe_missing_grant(const Reference& reference) {
  return fmt::format(
      "no ReferenceGrant in namespace {0} lets {2}s of namespace {3} refer to {4} {5}; one there with from: [{{group: "
      "{1}, kind: {2}, namespace: {3}}}] and to: [{{group: \"{6}\", kind: {4}, name: {5}}}] would",
      reference.to_namespace, reference.from_group, reference.from_kind, reference.from_namespace, reference.to_kind,
      reference.to_name, reference.to_group);
}

}  // namespace pintle::resolve
