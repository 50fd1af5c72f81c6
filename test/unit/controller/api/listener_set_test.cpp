// ListenerSets decoded: defaults, and the rules of their CRD.
#include "controller/api/listener_set.hpp"

#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

constexpr std::string_view small = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: set, namespace: team}
spec:
  parentRef: {name: gw}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}
)";

TEST(ListenerSets, DefaultsAreThoseOfTheApi) {
  const AnyObject object = test::decode_sound(small);
  const auto& set = test::as<ListenerSet>(object);
  EXPECT_EQ(set.spec.parent_ref.group, gateway_group);
  EXPECT_EQ(set.spec.parent_ref.kind, "Gateway");
  EXPECT_EQ(set.spec.parent_ref.ns, std::nullopt) << "its own namespace";
  ASSERT_EQ(set.spec.listeners.size(), 2U);
  EXPECT_EQ(set.spec.listeners[0].port, 80);
  EXPECT_TRUE(set.spec.listeners[0].allowed_routes.namespaces.from == FromNamespaces::Same);
  EXPECT_TRUE(set.status.conditions.empty());
}

TEST(ListenerSets, FaultsHaveTheirFindings) {
  constexpr struct {
    std::string_view what, by, id;
  } rows[] = {
      {"parentRef: {name: gw}\n", "parent: {name: gw}\n", "GW0202"},
      {"parentRef: {name: gw}\n", "parentRef: {name: gw, sectionName: http}\n", "GW0201"},
      {"parentRef: {name: gw}\n", "parentRef: {kind: Gateway}\n", "GW0202"},
      {"name: tls, port: 443", "name: http, port: 443", "GW0411"},
      {"name: http, port: 80", "name: http, port: 0", "GW0304"},
      {"name: http, port: 80", "name: http", "GW0202"},
      {"protocol: TLS, tls: {mode: Passthrough}", "protocol: TLS", "GW0413"},
      {"name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}", "name: two, port: 80, protocol: HTTP",
       "GW0412"},
      {"protocol: HTTP}", "protocol: TCP, hostname: a.example.com}", "GW0415"},
      {"gateway.networking.k8s.io/v1\n", "gateway.networking.k8s.io/v1alpha1\n", "GW0207"},
  };
  for (const auto& row : rows) {
    std::string text(small);
    const std::size_t at = text.find(row.what);
    ASSERT_NE(at, std::string::npos) << row.what;
    text.replace(at, row.what.size(), row.by);
    const auto made = test::decode(test::read_documents(text).at(0).root, DecodeMode::Strict);
    EXPECT_FALSE(made.object) << row.by;
    bool found = false;
    for (const Finding& one : made.findings) found = found || one.id == row.id;
    EXPECT_TRUE(found) << row.by << " gives " << (made.findings.empty() ? "nothing" : format_finding(made.findings[0]));
  }
}

}  // namespace
}  // namespace pintle::api
