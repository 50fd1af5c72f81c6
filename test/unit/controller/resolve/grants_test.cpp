// One function decides for every kind of cross-namespace reference (req 64): tried over the whole matrix of grants and
// references against an oracle that reads the API's words one by one, and end to end for each kind we resolve.
#include "controller/resolve/grants.hpp"

#include <random>

#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

/// Small alphabets, so that near misses are the rule.
constexpr std::string_view groups[] = {"", "gateway.networking.k8s.io", "apps"};
constexpr std::string_view from_kinds[] = {"Gateway", "HTTPRoute", "ListenerSet", "GRPCRoute", "TLSRoute", "TCPRoute"};
constexpr std::string_view to_kinds[] = {"Secret", "Service", "ConfigMap"};
constexpr std::string_view namespaces[] = {"a", "b", "c"};
constexpr std::string_view names[] = {"x", "y"};

class Dice {
 public:
  template <std::size_t N>
  std::string pick(const std::string_view (&words)[N]) {
    return std::string(words[random_() % N]);
  }
  std::size_t roll(std::size_t sides) { return random_() % sides; }

 private:
  std::mt19937 random_{64};
};

std::shared_ptr<api::ReferenceGrant> make_grant(Dice& dice, std::size_t number) {
  auto grant = std::make_shared<api::ReferenceGrant>();
  grant->metadata.ns = dice.pick(namespaces);
  grant->metadata.name = std::to_string(number);
  for (std::size_t at = dice.roll(2) + 1; at > 0; --at)
    grant->spec.from.push_back({dice.pick(groups), dice.pick(from_kinds), dice.pick(namespaces)});
  for (std::size_t at = dice.roll(2) + 1; at > 0; --at) {
    api::ReferenceGrantTo to{dice.pick(groups), dice.pick(to_kinds), std::nullopt};
    if (dice.roll(3) != 0) to.name = dice.roll(4) == 0 ? "" : dice.pick(names);
    grant->spec.to.push_back(std::move(to));
  }
  return grant;
}

bool oracle(const std::vector<std::shared_ptr<api::ReferenceGrant>>& grants, const Reference& wanted) {
  if (wanted.from_namespace == wanted.to_namespace) return true;
  for (const auto& grant : grants)
    for (const auto& from : grant->spec.from)
      for (const auto& to : grant->spec.to) {
        const bool place = grant->metadata.ns == wanted.to_namespace;
        const bool source =
            from.group == wanted.from_group && from.kind == wanted.from_kind && from.ns == wanted.from_namespace;
        const bool target = to.group == wanted.to_group && to.kind == wanted.to_kind;
        const bool name = !to.name.has_value() || *to.name == "" || *to.name == wanted.to_name;
        if (place && source && target && name) return true;
      }
  return false;
}

TEST(Grants, AgreeWithTheOracleOverTheMatrix) {
  Dice dice;
  std::size_t permitted = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::shared_ptr<api::ReferenceGrant>> grants;
    source::Batch batch;
    for (std::size_t number = 0; number < 12; ++number) {
      grants.push_back(make_grant(dice, number));
      batch.changes.emplace_back(source::Upsert{api::Ptr<api::ReferenceGrant>(grants.back())});
    }
    store::Store store;
    store.apply(batch);
    const store::ClusterSnapshot snapshot = store.freeze();
    for (const std::string_view from_group : groups)
      for (const std::string_view from_kind : from_kinds)
        for (const std::string_view from : namespaces)
          for (const std::string_view to_group : groups)
            for (const std::string_view to_kind : to_kinds)
              for (const std::string_view to : namespaces)
                for (const std::string_view name : names) {
                  const Reference wanted{from_group, from_kind, from, to_group, to_kind, to, name};
                  RefSet refs;
                  const bool answer = is_permitted(snapshot, wanted, refs);
                  // One name may stand in two grants of a namespace under different keys; the store keeps the last.
                  ASSERT_EQ(answer, oracle(grants, wanted))
                      << from_kind << ' ' << from << " to " << to_kind << ' ' << to;
                  EXPECT_EQ(refs.size(), from == to ? 0U : 1U);
                  if (from != to) ++(answer ? permitted : refused);
                }
  }
  EXPECT_GT(permitted, 1000U);
  EXPECT_GT(refused, 1000U);
}

constexpr std::string_view scene = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tls, namespace: default}
spec:
  gatewayClassName: pintle
  addresses: [{value: 127.0.0.9}]
  tls:
    backend: {clientCertificateRef: {name: cert, namespace: other}}
    frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca, namespace: other}]}}}
  listeners:
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: cert, namespace: other}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: default}
spec:
  parentRefs: [{name: gw}]
  rules:
  - backendRefs: [{name: one, namespace: other, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: other}
spec: {ports: [{port: 80}]}
)";

/// For each kind of reference: which problems it has without a grant, and with one for its kinds.
struct Answers {
  std::string certificate;
  std::string client_certificate;
  std::string ca;
  std::string backend;
};

Answers answers_of(testing::World& world) {
  const Resolution made = world.resolve();
  const Problems& listener = testing::find_listener(made, "tls", "https").resolved_refs;
  const auto reason_at = [&](std::string_view field) {
    for (const Problem& one : listener)
      if (one.field_path.contains(field)) return one.reason;
    return std::string();
  };
  return {reason_at("tls.certificateRefs"), testing::reasons_of(testing::find_gateway(made, "tls").resolved_refs),
          reason_at("caCertificateRefs"),
          testing::reasons_of(testing::find_route(made, "r").parents.at(0).resolved_refs)};
}

std::string grant_yaml(std::string_view from, std::string_view to) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: other}\n"
         "spec:\n  from: [{group: gateway.networking.k8s.io, namespace: default, kind: " +
         std::string(from) + "}]\n  to: [{group: \"\", kind: " + std::string(to) + "}]\n";
}

TEST(Grants, EveryKindOfReferenceAsks) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(scene);
  const Answers none = answers_of(world);
  EXPECT_EQ(none.certificate, "RefNotPermitted");
  EXPECT_EQ(none.client_certificate, "RefNotPermitted");
  EXPECT_EQ(none.ca, "RefNotPermitted");
  EXPECT_EQ(none.backend, "RefNotPermitted");

  // A grant opens what it names and nothing else; what is open is looked up and found missing.
  const Answers secret = answers_of(world.apply(grant_yaml("Gateway", "Secret")));
  EXPECT_EQ(secret.certificate, "InvalidCertificateRef");
  EXPECT_EQ(secret.client_certificate, "InvalidClientCertificateRef");
  EXPECT_EQ(secret.ca, "RefNotPermitted");
  EXPECT_EQ(secret.backend, "RefNotPermitted");
  const Answers authority = answers_of(world.apply(grant_yaml("Gateway", "ConfigMap")));
  EXPECT_EQ(authority.ca, "InvalidCACertificateRef");
  EXPECT_EQ(authority.certificate, "RefNotPermitted");
  const Answers service = answers_of(world.apply(grant_yaml("HTTPRoute", "Service")));
  EXPECT_EQ(service.backend, "");
  EXPECT_EQ(service.certificate, "RefNotPermitted");

  // Revoked: gone at once (req 65).
  const Answers revoked = answers_of(world.remove(api::Kind::ReferenceGrant, "other", "g"));
  EXPECT_EQ(revoked.backend, "RefNotPermitted");
}

}  // namespace
}  // namespace pintle::resolve
