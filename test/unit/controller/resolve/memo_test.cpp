// What one resolution leaves to the next changes cost and pointers, never the answer.
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

const BackendKey one{"default", "one", 80};

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
  EXPECT_EQ(second.model.backends.at(one), first.model.backends.at(one));

  // Churn of endpoints: the backend is another, no route is.
  const Resolution third = world.apply(slice_yaml("10.0.1.2")).resolve();
  EXPECT_EQ(find_served(third, "a"), a);
  EXPECT_NE(third.model.backends.at(one), second.model.backends.at(one));
  // A slice that says the same.
  const Resolution fourth = world.apply(slice_yaml("10.0.1.2") + "metadata2: {}\n").resolve();
  EXPECT_EQ(fourth.model.backends.at(one), third.model.backends.at(one));

  // A Service that is another object and means the same.
  const Resolution fifth = world.apply(service_yaml("one", 80, "b")).resolve();
  EXPECT_EQ(find_served(fifth, "a"), a);
  EXPECT_EQ(fifth.model.backends.at(one), fourth.model.backends.at(one));
  // One that means something else.
  const Resolution sixth = world.apply(service_yaml("one", 81)).resolve();
  EXPECT_NE(find_served(sixth, "a"), a);
  EXPECT_TRUE(sixth.model.backends.empty());
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
  EXPECT_TRUE(world.resolve().model.backends.at(one)->endpoints.empty());
  world.settings.allow_loopback_backends = true;
  EXPECT_EQ(world.resolve().model.backends.at(one)->endpoints.size(), 1U);
  runtime::SocketAddress elsewhere;
  ASSERT_TRUE(runtime::parse_ip("10.9.9.9", elsewhere));
  world.settings.backend_overrides.emplace(one, elsewhere);
  EXPECT_EQ(world.resolve().model.backends.at(one)->endpoints.front(), elsewhere);
}

/// Edits at random; after each, the answer with memo is the answer without, and an object that does not concern the
/// resolution before does not change it.
TEST(Memo, AgreesWithAFreshResolutionAfterAnyEdit) {
  std::mt19937 random{4711};
  const auto roll = [&](unsigned sides) { return random() % sides; };
  const auto letter = [&] { return std::string(1, static_cast<char>('a' + roll(4))); };
  World world;
  world.apply(base_yaml());
  std::size_t unconcerned = 0;
  Resolution before = world.resolve();
  for (int round = 0; round < 600; ++round) {
    api::ObjectKey changed;
    const std::string name = letter();
    const bool remove = roll(4) == 0;
    std::string yaml;
    switch (roll(5)) {
      case 0:
        changed = {api::Kind::HTTPRoute, "default", name};
        yaml = route_yaml(name, letter());
        if (roll(2) == 0) yaml.replace(yaml.find("port: 80}"), 9, "port: 80, namespace: other}");
        break;
      case 1:
        changed = {api::Kind::Service, "default", name};
        yaml = service_yaml(name, 80 + static_cast<int>(roll(2)), letter());
        break;
      case 2:
        changed = {api::Kind::Service, "other", name};
        yaml = service_yaml(name, 80);
        yaml.replace(yaml.find("namespace: default"), 18, "namespace: other");
        break;
      case 3:
        changed = {api::Kind::EndpointSlice, "default", name + "-a"};
        yaml = slice_yaml(fmt::format("10.0.0.{}", roll(3)), name);
        break;
      default:
        changed = {api::Kind::ReferenceGrant, roll(2) == 0 ? "other" : "elsewhere", name};
        yaml = fmt::format(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: ReferenceGrant\nmetadata: {{name: {}, namespace: {}}}\n"
            "spec:\n  from: [{{group: gateway.networking.k8s.io, namespace: default, kind: HTTPRoute}}]\n"
            "  to: [{{group: \"\", kind: Service, name: {}}}]\n",
            name, changed.ns, letter());
    }
    if (!remove)
      world.apply(yaml);
    else if (!world.remove_if_present(changed))
      continue;
    Resolution after = world.resolve();
    const std::string text = testing::show(after);
    ASSERT_EQ(text, testing::show(world.resolve_fresh())) << "round " << round << ", " << to_string(changed);
    if (!concerns(before.refs, changed)) {
      ++unconcerned;
      ASSERT_EQ(text, testing::show(before)) << "round " << round << ", " << to_string(changed);
    }
    before = std::move(after);
  }
  EXPECT_GT(unconcerned, 50U);
}

/// Not a gate: it prints what a rebuild costs.
TEST(Memo, CostAtFiveThousandRoutes) {
  constexpr int count = 5000;
  World world;
  std::string yaml(base_yaml());
  for (int at = 0; at < count; ++at) {
    const std::string service = fmt::format("service-{}", at);
    yaml += route_yaml(fmt::format("route-{}", at), service) + service_yaml(service, 80) + "---\n" +
            slice_yaml("10.0.1.1", service);
  }
  world.apply(yaml);
  compile::Previous previous;
  std::uint64_t generation = 0;
  Resolution kept;
  const auto run = [&](std::string_view what) {
    const auto start = std::chrono::steady_clock::now();
    Resolution made = world.resolve();
    const auto resolved = std::chrono::steady_clock::now();
    compile::Compilation compiled = compile::compile(made.model, Generation{++generation}, previous);
    const auto end = std::chrono::steady_clock::now();
    previous = std::move(compiled.next);
    kept = std::move(made);
    const auto freed = std::chrono::steady_clock::now();
    const auto millis = [](auto span) { return std::chrono::duration<double, std::milli>(span).count(); };
    std::cout << fmt::format("{} routes, {}: resolve {:.1f} ms, compile {:.1f} ms, freeing the last {:.1f} ms\n", count,
                             what, millis(resolved - start), millis(end - resolved), millis(freed - end));
  };
  run("cold");
  EXPECT_EQ(kept.model.backends.size(), std::size_t{count});
  run("nothing changed");
  world.apply(route_yaml("route-7", "service-8"));
  run("one route changed");
  world.apply(slice_yaml("10.0.1.2", "service-9"));
  run("one slice changed");
  world.apply(service_yaml("service-10", 81));
  run("one Service changed");
  EXPECT_EQ(find_served(kept, "route-7")->rules.size(), 1U);
  EXPECT_EQ(testing::reasons_of(testing::find_route(kept, "route-10").parents.at(0).resolved_refs), "BackendNotFound");
}

}  // namespace
}  // namespace pintle::resolve
