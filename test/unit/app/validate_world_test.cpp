#include "src/app/validate_world.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compile/compile.hpp"
#include "src/app/grant_use.hpp"
#include "src/app/shadowed_rules.hpp"

namespace pintle::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
namespace fs = std::filesystem;

constexpr const char* manifests = R"yaml(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
  namespace: web
spec:
  parentRefs:
    - name: gw
  rules:
    - backendRefs:
        - name: cart
          namespace: store
          port: 80
    - matches:
        - path:
            type: PathPrefix
            value: /
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata:
  name: used
  namespace: store
spec:
  from:
    - group: gateway.networking.k8s.io
      kind: HTTPRoute
      namespace: web
  to:
    - group: ""
      kind: Service
      name: cart
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata:
  name: unused
  namespace: store
spec:
  from:
    - group: gateway.networking.k8s.io
      kind: HTTPRoute
      namespace: web
  to:
    - group: ""
      kind: Service
      name: other
---
apiVersion: v1
kind: Secret
metadata:
  name: tls
  namespace: web
type: Opaque
stringData:
  any: thing
)yaml";

class ValidateWorld : public testing::Test {
 protected:
  ValidateWorld() {
    std::string name = (fs::temp_directory_path() / "pintle-validate-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    file_ = folder_ + "/all.yaml";
    std::ofstream(file_) << manifests;
    world_.manifests = load_manifests({folder_});
    EXPECT_THAT(world_.manifests.findings, IsEmpty());
    source::Batch batch;
    for (const api::AnyObject& object : world_.manifests.objects) batch.changes.emplace_back(source::Upsert{object});
    store::Store store;
    (void)store.apply(batch);
    world_.snapshot = store.freeze();
    world_.compiled.certs = std::make_shared<const runtime::Certs>();
  }
  ~ValidateWorld() override { fs::remove_all(folder_); }

  [[nodiscard]] std::vector<std::string> lines(std::uint16_t expiry_days = 21) const {
    std::vector<std::string> texts;
    for (const api::Finding& finding : find_faults(world_, {.now = now_, .expiry_days = expiry_days})) {
      std::string text = api::format_finding(finding);
      texts.push_back(text.starts_with(folder_) ? text.substr(folder_.size() + 1) : text);
    }
    return texts;
  }
  void add_certificate(const std::string& source, std::chrono::days left) {
    auto certs = std::make_shared<runtime::Certs>(*world_.compiled.certs);
    auto certificate = std::make_shared<runtime::Certificate>();
    certificate->source = source;
    certificate->dns_names = {"a.test", "b.test"};
    certificate->not_after = (now_ + left).time_since_epoch().count();
    certs->certificates.push_back(std::move(certificate));
    world_.compiled.certs = std::move(certs);
  }
  std::string folder_;
  std::string file_;
  OfflineWorld world_;
  Wall now_{std::chrono::seconds(1'800'000'000)};
};

const char* const unused_grant = "all.yaml:34:1: info GW0901: ReferenceGrant store/unused: no reference";

TEST_F(ValidateWorld, AGrantThatNobodyNeedsIsNamed) { EXPECT_THAT(lines(), ElementsAre(HasSubstr(unused_grant))); }

TEST_F(ValidateWorld, ProblemsGetThePlaceOfTheirFieldAndStandOnce) {
  resolve::RouteReport route;
  route.object.key = {api::Kind::HTTPRoute, "web", "shop"};
  resolve::ParentReport parent;
  parent.resolved_refs = {{"spec.rules[0].backendRefs[0].name", "BackendNotFound", "there is no Service store/cart"}};
  parent.dropped = {{"spec.rules[1]", "SomethingNew", "a reason of tomorrow"}};
  parent.notes = {"a note"};
  route.parents = {parent, parent};
  world_.resolution.report.routes = {std::make_shared<const resolve::RouteReport>(route)};
  EXPECT_THAT(lines(),
              ElementsAre(HasSubstr("all.yaml:7:3: info GW0903: HTTPRoute web/shop: spec.parentRefs: a note"),
                          HasSubstr("all.yaml:11:17: error GW0624: HTTPRoute web/shop: "
                                    "spec.rules[0].backendRefs[0].name: there is no Service store/cart; fix: "),
                          HasSubstr("all.yaml:14:7: error GW0600: HTTPRoute web/shop: spec.rules[1]: a reason"),
                          HasSubstr(unused_grant)));
}

TEST_F(ValidateWorld, ARouteThatNobodyServesIsANote) {
  resolve::RouteReport route;
  route.object.key = {api::Kind::HTTPRoute, "web", "shop"};
  world_.resolution.report.routes = {std::make_shared<const resolve::RouteReport>(route)};
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("info GW0902: HTTPRoute web/shop: spec.parentRefs"), testing::_));
}

TEST_F(ValidateWorld, GatewaysAndTheirListeners) {
  resolve::GatewayReport gateway;
  gateway.object.key = {api::Kind::Gateway, "web", "absent"};
  gateway.programmed = {{"spec.addresses", "AddressNotUsable", "no such address"}};
  resolve::ListenerReport listener;
  listener.accepted = {{"spec.listeners[0].port", "PortUnavailable", "Gateway a/b has port 80"}};
  listener.conflict = listener.accepted.front();
  listener.overlap = resolve::Problem{"spec.listeners[0].hostname", "OverlappingHostnames", "overlaps"};
  gateway.listeners = {listener};
  world_.resolution.report.gateways = {gateway};
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("error GW0604"), HasSubstr("error GW0608: Gateway web/absent: "),
                                   HasSubstr("warning GW0617"), HasSubstr(unused_grant)));
}

TEST_F(ValidateWorld, ListenerSetsAndTheirListeners) {
  resolve::ListenerSetReport refused;
  refused.object.key = {api::Kind::ListenerSet, "web", "refused"};
  refused.accepted = {{"spec.parentRef", "NotAllowed", "the Gateway allows none"}};
  resolve::ListenerSetReport set;
  set.object.key = {api::Kind::ListenerSet, "web", "set"};
  set.listeners.emplace_back().accepted = {{"spec.listeners[0]", "ListenerConflict", "the port is taken"}};
  resolve::GatewayReport gateway;
  gateway.object.key = {api::Kind::Gateway, "web", "absent"};
  gateway.sets = {refused, set};
  world_.resolution.report.gateways = {gateway};
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("error GW0628: ListenerSet web/refused: spec.parentRef: "),
                                   HasSubstr("error GW0631: ListenerSet web/set: spec.listeners[0]: "),
                                   HasSubstr(unused_grant)));
}

TEST_F(ValidateWorld, AListenerSetOfNoGatewayHereIsANote) {
  auto set = std::make_shared<api::ListenerSet>();
  set->metadata.ns = "web";
  set->metadata.name = "lost";
  store::Store store;
  (void)store.apply(
      {.changes = {source::Upsert{api::Ptr<api::ListenerSet>(std::move(set))}}, .findings = {}, .synced = true});
  world_.snapshot = store.freeze();
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("info GW0902: ListenerSet web/lost: spec.parentRef: ")));
}

TEST_F(ValidateWorld, CertificatesThatEnd) {
  add_certificate("web/tls", std::chrono::days(21));
  add_certificate("internal", std::chrono::days(1));
  EXPECT_THAT(lines(), ElementsAre(testing::_, HasSubstr("warning GW0801: Secret web/tls: the certificate for a.test, "
                                                         "b.test ends 2027-02-05T08:00:00Z, in 21 days")));
  EXPECT_EQ(lines(20).size(), 1U);
  add_certificate("web/tls", std::chrono::days(0));
  EXPECT_THAT(lines(0), ElementsAre(testing::_, HasSubstr("error GW0802: Secret web/tls")));
}

// ---- shadowed rules
// --------------------------------------------------------------------------------------------------

[[nodiscard]] route::Match on(route::PathKind kind, std::string value) {
  route::Match match;
  match.path.kind = kind;
  match.path.value = std::move(value);
  if (kind == route::PathKind::Regex) match.path.regex = route::Regex::compile(match.path.value).value();
  match.rank.path_kind = kind;
  if (kind == route::PathKind::Prefix)
    match.rank.minus_path_length = -static_cast<std::int32_t>(match.path.value.size());
  return match;
}
[[nodiscard]] route::Match with_header(route::Match match, std::string name, std::string value) {
  match.headers = {{std::move(name), http::HeaderId::Other, std::move(value), {}}};
  match.rank.minus_header_matches = -static_cast<std::int32_t>(match.headers.size());
  return match;
}
[[nodiscard]] route::Match with_method(route::Match match, std::string method) {
  match.method = std::move(method);
  match.rank.without_method = 0;
  return match;
}

/// Each inner list is a rule of the route default/r, in order.
[[nodiscard]] std::vector<Shadowed> shadowed(std::vector<std::vector<route::Match>> rules) {
  auto made = std::make_shared<resolve::ResolvedRoute>();
  made->name = "default/r";
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    resolve::ResolvedRule rule;
    rule.rule.source = {.kind = "HTTPRoute", .route = "default/r", .index = i, .name = {}};
    rule.rule.action = route::Failure{};
    rule.matches = std::move(rules[i]);
    for (std::uint32_t j = 0; j < rule.matches.size(); ++j) {
      rule.matches[j].rank.rule = i;
      rule.matches[j].rank.match = j;
    }
    made->rules.push_back(std::move(rule));
  }
  resolve::Model model;
  resolve::ResolvedGateway gateway;
  gateway.namespace_ = "default";
  gateway.name = "gw";
  gateway.sockets_by_port[{80}] = {{.ip = {127, 0, 0, 1}, .port = 80}};
  resolve::ResolvedListener listener;
  listener.name = "http";
  listener.port = 80;
  listener.routes = {
      std::make_shared<const resolve::AttachedRoute>(resolve::AttachedRoute{made, {"a.test", "b.test"}})};
  gateway.listeners = {listener};
  model.gateways = {gateway};
  return find_shadowed(compile::compile(model, Generation{1}, {}).compiled);
}

[[nodiscard]] auto rule_is(std::uint32_t index, std::optional<std::uint32_t> match, const std::string& winner) {
  return testing::Truly([=](const Shadowed& found) {
    return found.rule.index == index && found.match == match && found.winner == winner && found.host == "a.test";
  });
}

TEST(ShadowedRules, EqualMatchesLose) {
  using enum route::PathKind;
  EXPECT_THAT(shadowed({{on(Prefix, "/a")}, {on(Prefix, "/b")}}), IsEmpty());
  EXPECT_THAT(shadowed({{on(Prefix, "/a")}, {on(Prefix, "/a")}}),
              ElementsAre(rule_is(1, std::nullopt, "default/r rule 0")));
  EXPECT_THAT(shadowed({{on(Prefix, "/a")}, {on(Prefix, "/a"), on(Exact, "/b")}}),
              ElementsAre(rule_is(1, 0, "default/r rule 0")))
      << "the other match can win";
  EXPECT_THAT(shadowed({{on(Exact, "/a")}, {on(Exact, "/a"), on(Exact, "/a")}}),
              ElementsAre(rule_is(1, std::nullopt, "default/r rule 0")))
      << "once for the rule";
}

TEST(ShadowedRules, TheReasonOfPrecedenceIsNamed) {
  using enum route::PathKind;
  EXPECT_EQ(shadowed({{on(Prefix, "/a")}, {on(Prefix, "/a")}}).at(0).why, "it stands before it in the route");
  EXPECT_EQ(shadowed({{on(Prefix, "/a")}, {on(Regex, "/.*")}}).at(0).why, "an expression comes before a prefix");
  EXPECT_EQ(shadowed({{on(Prefix, "/a"), on(Prefix, "/a")}}).at(0).why, "the match stands before it in the rule");
  route::Match younger = on(Prefix, "/a");
  younger.rank.created_at = 1;
  EXPECT_EQ(shadowed({{younger}, {on(Prefix, "/a")}}).at(0).why, "its route is older");
}

TEST(ShadowedRules, WhatTellsMatchesApartKeepsThemAlive) {
  using enum route::PathKind;
  EXPECT_THAT(shadowed({{on(Exact, "/a")}, {on(Prefix, "/a")}}), IsEmpty());
  EXPECT_THAT(shadowed({{with_header(on(Prefix, "/a"), "x", "1")}, {with_header(on(Prefix, "/a"), "x", "2")}}),
              IsEmpty());
  EXPECT_THAT(shadowed({{with_header(on(Prefix, "/a"), "x", "1")}, {on(Prefix, "/a")}}), IsEmpty());
  EXPECT_THAT(shadowed({{with_method(on(Prefix, "/a"), "GET")}, {with_method(on(Prefix, "/a"), "POST")}}), IsEmpty());
}

TEST(ShadowedRules, ExpressionsTakeWhatTheySurelyMatch) {
  using enum route::PathKind;
  EXPECT_THAT(shadowed({{on(Prefix, "/api")}, {on(Regex, "/.*")}}),
              ElementsAre(rule_is(0, std::nullopt, "default/r rule 1")))
      << "an expression precedes every prefix";
  EXPECT_THAT(shadowed({{on(Prefix, "/api")}, {on(Regex, "/api/.*")}}), IsEmpty()) << "/api itself is left";
  EXPECT_THAT(shadowed({{on(Prefix, "/api")}, {on(Regex, "/[a-z]*")}}), IsEmpty()) << "cannot be told";
  EXPECT_THAT(shadowed({{on(Exact, "/api")}, {on(Regex, "/.*")}}), IsEmpty()) << "exact paths come first";
  EXPECT_THAT(shadowed({{with_method(on(Prefix, "/api"), "GET")}, {with_method(on(Regex, "/.*"), "POST")}}), IsEmpty());
}

}  // namespace
}  // namespace pintle::app
