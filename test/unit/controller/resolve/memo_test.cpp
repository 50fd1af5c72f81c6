// What one resolution leaves to the next changes cost and pointers, never the answer.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/compile/compile.hpp"
#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

using testing::base_yaml;
using testing::find_backend;
using testing::find_served;
using testing::route_yaml;
using testing::World;

std::string slice_yaml(std::string_view address, std::string_view service = "one") {
  return fmt::format(
      "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\n"
      "metadata: {{name: {0}-a, namespace: default, labels: {{kubernetes.io/service-name: {0}}}}}\n"
      "addressType: IPv4\nports: [{{name: http, port: 8080}}]\nendpoints: [{{addresses: [\"{1}\"]}}]\n",
      service, address);
}

std::string service_yaml(std::string_view name, int port, std::string_view label = "a") {
  return fmt::format(
      "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}, namespace: default, labels: {{l: {}}}}}\n"
      "spec: {{ports: [{{name: http, port: {}}}]}}\n",
      name, label, port);
}

constexpr std::string_view one = "default/one:80";
const BackendKey key_of_one{"default", "one", 80};

TEST(Memo, UnchangedRoutesAndBackendsKeepTheirPointers) {
  World world;
  world.apply(base_yaml()).apply(route_yaml("a")).apply(route_yaml("b"));
  const Resolution first = world.resolve();
  const auto a = find_served(first, "a");
  ASSERT_NE(a, nullptr);

  // An edit of one route.
  const Resolution second = world.apply(route_yaml("b", "none")).resolve();
  EXPECT_EQ(find_served(second, "a"), a);
  EXPECT_NE(find_served(second, "b"), find_served(first, "b"));
  EXPECT_EQ(find_backend(second, one), find_backend(first, one));

  // Churn of endpoints: the backend is another, no route is.
  const Resolution third = world.apply(slice_yaml("10.0.1.2")).resolve();
  EXPECT_EQ(find_served(third, "a"), a);
  EXPECT_NE(find_backend(third, one), find_backend(second, one));
  // A slice that says the same.
  const Resolution fourth = world.apply(slice_yaml("10.0.1.2") + "metadata2: {}\n").resolve();
  EXPECT_EQ(find_backend(fourth, one), find_backend(third, one));

  // A Service that is another object and means the same.
  const Resolution fifth = world.apply(service_yaml("one", 80, "b")).resolve();
  EXPECT_EQ(find_served(fifth, "a"), a);
  EXPECT_EQ(find_backend(fifth, one), find_backend(fourth, one));
  // One that means something else.
  const Resolution sixth = world.apply(service_yaml("one", 81)).resolve();
  EXPECT_NE(find_served(sixth, "a"), a);
  EXPECT_EQ(find_backend(sixth, one), nullptr);
}

TEST(Memo, ANewStatusOrLabelIsNoNewRoute) {
  World world;
  world.apply(base_yaml()).apply(route_yaml("a"));
  const auto a = find_served(world.resolve(), "a");
  std::string labelled = route_yaml("a");
  labelled.replace(labelled.find("{name: a,"), 9, "{name: a, labels: {x: z},");
  const Resolution second = world.apply(labelled).resolve();
  EXPECT_EQ(find_served(second, "a"), a);
  EXPECT_EQ(testing::find_route(second, "a").object.generation, 3);  // the report is about the new object
}

TEST(Memo, NoticesSettingsOfItsConcern) {
  World world;
  world.apply(base_yaml()).apply(route_yaml("a")).apply(slice_yaml("127.0.0.1"));
  EXPECT_TRUE(find_backend(world.resolve(), one)->endpoints.empty());
  world.settings.allow_loopback_backends = true;
  EXPECT_EQ(find_backend(world.resolve(), one)->endpoints.size(), 1U);
  runtime::SocketAddress elsewhere;
  ASSERT_TRUE(runtime::parse_ip("10.9.9.9", elsewhere));
  world.settings.backend_overrides.emplace(key_of_one, elsewhere);
  EXPECT_EQ(find_backend(world.resolve(), one)->endpoints.front(), elsewhere);
}

struct Edit {
  api::ObjectKey key;
  std::string yaml;
};

/// Objects that refer to each other by names of four letters, so that edits meet.
class Editor {
 public:
  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  Edit make() {
    const std::string name = letter();
    switch (roll(8)) {
      case 0: {
        std::string yaml = route_yaml(name, letter());
        if (roll(2) == 0) yaml.replace(yaml.find("port: 80}"), 9, "port: 80, namespace: other}");
        if (roll(3) == 0) yaml.replace(yaml.find("{name: gw}"), 10, fmt::format("{{name: {}}}", letter()));
        if (roll(3) == 0) yaml.replace(yaml.find("/" + name), 2, "\"(\"");
        return {{api::Kind::HTTPRoute, "default", name}, yaml};
      }
      case 1:
        return {{api::Kind::Service, "default", name}, service_yaml(name, 80 + static_cast<int>(roll(2)), letter())};
      case 2: {
        std::string yaml = service_yaml(name, 80);
        yaml.replace(yaml.find("namespace: default"), 18, "namespace: other");
        return {{api::Kind::Service, "other", name}, yaml};
      }
      case 3:
        return {{api::Kind::EndpointSlice, "default", name + "-a"},
                slice_yaml(fmt::format("10.0.0.{}", roll(3)), name)};
      case 4:
        return make_gateway(name);
      case 5:
        return {
            {api::Kind::Namespace, "", "default"},
            fmt::format("apiVersion: v1\nkind: Namespace\nmetadata: {{name: default, labels: {{l: {}}}}}\n", letter())};
      default:
        return make_grant(name);
    }
  }

 private:
  std::string letter() { return std::string(1, static_cast<char>('a' + roll(4))); }

  Edit make_gateway(const std::string& name) {
    constexpr const char* namespaces[] = {"from: Same", "from: All", "from: Selector, selector: {matchLabels: {l: a}}"};
    constexpr const char* hosts[] = {"", ", hostname: a.example.com", ", hostname: \"*.example.com\""};
    return {{api::Kind::Gateway, "default", name},
            fmt::format("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n"
                        "metadata: {{name: {}, namespace: default, creationTimestamp: \"2026-01-0{}T00:00:00Z\"}}\n"
                        "spec:\n  gatewayClassName: {}\n  listeners:\n"
                        "  - {{name: one, port: {}, protocol: HTTP{}, allowedRoutes: {{namespaces: {{{}}}}}}}\n"
                        "  - {{name: two, port: 81, protocol: {}}}\n",
                        name, roll(3) + 1, roll(5) == 0 ? "missing" : "pintle", 80 + roll(3), hosts[roll(3)],
                        namespaces[roll(3)], roll(3) == 0 ? "TCP" : "HTTP")};
  }

  Edit make_grant(const std::string& name) {
    const api::ObjectKey key{api::Kind::ReferenceGrant, roll(2) == 0 ? "other" : "elsewhere", name};
    return {key, fmt::format("apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\n"
                             "metadata: {{name: {}, namespace: {}}}\nspec:\n"
                             "  from: [{{group: gateway.networking.k8s.io, namespace: default, kind: HTTPRoute}}]\n"
                             "  to: [{{group: \"\", kind: Service, name: {}}}]\n",
                             name, key.ns, letter())};
  }

  std::mt19937 random_{4711};
};

/// Edits at random; after each, the answer with memo is the answer without, and an object that does not concern the
/// resolution before does not change it.
TEST(Memo, AgreesWithAFreshResolutionAfterAnyEdit) {
  Editor editor;
  World world;
  world.apply(base_yaml());
  std::size_t unconcerned = 0;
  Resolution before = world.resolve();
  for (int round = 0; round < 1000; ++round) {
    const Edit edit = editor.make();
    if (editor.roll(4) != 0)
      world.apply(edit.yaml);
    else if (!world.remove_if_present(edit.key))
      continue;
    Resolution after = world.resolve();
    const std::string text = testing::show(after);
    ASSERT_EQ(text, testing::show(world.resolve_fresh())) << "round " << round << ", " << to_string(edit.key);
    if (!concerns(before.refs, edit.key)) {
      ++unconcerned;
      ASSERT_EQ(text, testing::show(before)) << "round " << round << ", " << to_string(edit.key);
    }
    before = std::move(after);
  }
  EXPECT_GT(unconcerned, 50U);
}

/// What one tenant writes, however wrong, changes nothing of another's (req 67).
TEST(Memo, ABrokenRouteChangesNothingForOthers) {
  World world;
  world.apply(base_yaml()).apply(route_yaml("good"));
  const Resolution before = world.resolve();
  std::string yaml;
  int number = 0;
  for (const std::string_view rules :
       {"[{matches: [{path: {type: RegularExpression, value: \"(\"}}]}]",
        "[{matches: [{path: {type: Glob, value: x}}]}]",
        "[{filters: [{type: Teleport}], matches: [{path: {value: /bad}}]}]",
        "[{backendRefs: [{name: missing, port: 80}], matches: [{path: {value: /bad}}]}]",
        "[{backendRefs: [{name: one, port: 80, namespace: other}], matches: [{path: {value: /bad}}]}]", "[]"})
    yaml += fmt::format(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n"
        "metadata: {{name: bad-{}, namespace: default}}\nspec: {{parentRefs: [{{name: gw}}], rules: {}}}\n",
        number++, rules);
  const Resolution after = world.apply(yaml).resolve();
  EXPECT_EQ(after.report.routes.size(), 7U);
  EXPECT_EQ(find_served(after, "good"), find_served(before, "good"));
  EXPECT_EQ(after.model.endpoints, before.model.endpoints);
  EXPECT_EQ(testing::show(testing::find_route(after, "good")), testing::show(testing::find_route(before, "good")));
}

double millis(std::chrono::steady_clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

/// Rebuilds after edits, and what they cost.
class Rebuild {
 public:
  explicit Rebuild(World& world) : world_(world) {}

  /// The median of some rounds, each after another edit.
  template <class Edit>
  void measure(std::string_view what, int rounds, Edit edit) {
    std::vector<double> resolve;
    std::vector<double> compile;
    for (int round = 0; round < rounds; ++round) {
      edit(round);
      const auto start = std::chrono::steady_clock::now();
      Resolution made = world_.resolve();
      const auto resolved = std::chrono::steady_clock::now();
      compile::Compilation compiled = compile::compile(made.model, Generation{++generation_}, std::move(previous_));
      compile.push_back(millis(std::chrono::steady_clock::now() - resolved));
      resolve.push_back(millis(resolved - start));
      previous_ = std::move(compiled.next);
      last = std::move(made);
    }
    std::ranges::nth_element(resolve, resolve.begin() + rounds / 2);
    std::ranges::nth_element(compile, compile.begin() + rounds / 2);
    std::cout << fmt::format("{}: resolve {:.1f} ms, compile {:.1f} ms\n", what,
                             resolve[static_cast<std::size_t>(rounds / 2)],
                             compile[static_cast<std::size_t>(rounds / 2)]);
  }

  Resolution last;

 private:
  World& world_;
  compile::Previous previous_;
  std::uint64_t generation_ = 0;
};

/// Not a gate: it prints what a rebuild costs.
TEST(Memo, CostAtFiveThousandRoutes) {
  constexpr int count = 5000;
  constexpr int rounds = 9;
  World world;
  std::string yaml(base_yaml());
  for (int at = 0; at < count; ++at) {
    const std::string service = fmt::format("service-{}", at);
    yaml += route_yaml(fmt::format("route-{}", at), service) + service_yaml(service, 80) + "---\n" +
            slice_yaml("10.0.1.1", service);
  }
  world.apply(yaml);
  Rebuild rebuild(world);
  rebuild.measure("5000 routes, cold", 1, [](int) {});
  EXPECT_EQ(rebuild.last.model.endpoints->backends.size(), std::size_t{count});
  rebuild.measure("nothing changed", rounds, [](int) {});
  rebuild.measure("one route changed", rounds,
                  [&](int round) { world.apply(route_yaml("route-7", fmt::format("service-{}", 8 + round % 2))); });
  rebuild.measure("one slice changed", rounds,
                  [&](int round) { world.apply(slice_yaml(fmt::format("10.0.2.{}", round), "service-9")); });
  rebuild.measure("one Service changed", rounds,
                  [&](int round) { world.apply(service_yaml("service-10", 81 + round % 2)); });
  EXPECT_EQ(find_served(rebuild.last, "route-7")->rules.size(), 1U);
  EXPECT_EQ(testing::reasons_of(testing::find_route(rebuild.last, "route-10").parents.at(0).resolved_refs),
            "BackendNotFound");
}

/// A hundred routes to a host, all to one Service.
TEST(Memo, CostAtFiftyHosts) {
  constexpr int count = 5000;
  const auto hosted = [](int number, std::string_view path) {
    std::string yaml = route_yaml(fmt::format("route-{}", number), "one");
    yaml.replace(yaml.find("  rules:"), 0, fmt::format("  hostnames: [app-{}.bench.test]\n", number / 100));
    const std::string written = fmt::format("/route-{}}}", number);
    return yaml.replace(yaml.find(written), written.size() - 1, path);
  };
  World world;
  std::string yaml(base_yaml());
  for (int at = 0; at < count; ++at) yaml += hosted(at, fmt::format("/r/{}", at));
  world.apply(yaml);
  Rebuild rebuild(world);
  rebuild.measure("50 hosts, cold", 1, [](int) {});
  rebuild.measure("one route changed", 9, [&](int round) { world.apply(hosted(7, fmt::format("/x/{}", round))); });
  EXPECT_EQ(rebuild.last.model.endpoints->backends.size(), 1U);
}

}  // namespace
}  // namespace pintle::resolve
