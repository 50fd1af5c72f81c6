#include "test/unit/controller/source/kube_world.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pintle::source::testing {

std::string route(std::string_view name, std::string_view version, std::string_view path) {
  return fmt::format(
      R"({{"apiVersion":"gateway.networking.k8s.io/v1","kind":"HTTPRoute","metadata":{{"name":"{0}",)"
      R"("namespace":"default","uid":"u-{0}","resourceVersion":"{1}","generation":1,)"
      R"("creationTimestamp":"2026-01-01T00:00:00Z","managedFields":[{{"manager":"kubectl","fieldsV1":{{"f:spec":{{}}}}}}],)"
      R"("annotations":{{"kubectl.kubernetes.io/last-applied-configuration":"{{}}","mine":"1"}}}},)"
      R"("spec":{{"futureField":1,"parentRefs":[{{"name":"gw"}}],)"
      R"("rules":[{{"matches":[{{"path":{{"type":"PathPrefix","value":"{2}"}}}}],"backendRefs":[{{"name":"s","port":80}}]}}]}}}})",
      name, version, path);
}

std::string service(std::string_view name, std::string_view version) {
  return fmt::format(
      R"({{"metadata":{{"name":"{0}","namespace":"default","uid":"u-{0}","resourceVersion":"{1}"}},)"
      R"("spec":{{"type":"ClusterIP","clusterIP":"10.0.0.1","ports":[{{"port":80,"protocol":"TCP","targetPort":8080}}]}}}})",
      name, version);
}

std::string list(std::string_view kind, std::string_view version, std::initializer_list<std::string> items,
                 std::string_view continue_token) {
  return fmt::format(
      R"({{"kind":"{}List","apiVersion":"v1","metadata":{{"resourceVersion":"{}","continue":"{}"}},"items":[{}]}})",
      kind, version, continue_token, fmt::join(items, ","));
}

std::string event(std::string_view type, std::string_view object) {
  return fmt::format(R"({{"type":"{}","object":{}}})", type, object);
}

std::string bookmark(std::string_view version) {
  return event("BOOKMARK",
               fmt::format(R"({{"kind":"HTTPRoute","metadata":{{"resourceVersion":"{}"}},"spec":{{}}}})", version));
}

std::string status(int code, std::string_view reason, std::string_view message) {
  return fmt::format(
      R"({{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"{}","reason":"{}","code":{}}})",
      message, reason, code);
}

KubeWorld::KubeWorld(KubeSettings settings) {
  if (!settings.chance) settings.chance = [] { return 0.0; };
  source = KubeSource::start(api, clock, settings, [this](const Batch& batch) {
    EXPECT_TRUE(std::ranges::is_sorted(batch.changes, {}, &key_of));
    EXPECT_TRUE(batches.empty() || !batches.back().synced || batch.synced);
    batches.push_back(batch);
    for (const Change& change : batch.changes) {
      if (const auto* upsert = std::get_if<Upsert>(&change)) {
        world[key_of(change)] = upsert->object;
      } else {
        EXPECT_EQ(world.erase(key_of(change)), 1U);
      }
    }
  });
}

void KubeWorld::list_all_but(std::string_view plural) {
  for (const kube::Resource& resource : kube::followed_resources()) {
    const std::string text = fmt::format("/{}?limit", resource.plural);
    if (resource.plural != plural && api.find(text) != nullptr)
      api.answer(text, 200, list(api::to_string(resource.kind), "1", {}));
  }
  clock.turn();
}

void KubeWorld::begin(std::initializer_list<std::string> routes) {
  list_all_but("httproutes");
  api.answer(route_list, 200, list("HTTPRoute", "10", routes));
  api.open_stream(route_watch);
  clock.turn();
  ASSERT_TRUE(source->is_synced());
}

std::string KubeWorld::keys() const {
  std::string all;
  for (const auto& [key, object] : world) all += (all.empty() ? "" : ", ") + api::to_string(key);
  return all;
}

std::string KubeWorld::finding_ids() const {
  std::vector<std::string> ids;
  if (!batches.empty())
    for (const api::Finding& finding : batches.back().findings) ids.emplace_back(finding.id);
  return fmt::format("{}", fmt::join(ids, " "));
}

const KindStatus& KubeWorld::status_of(api::Kind kind) {
  statuses_ = source->status();
  return *std::ranges::find(statuses_, kind, &KindStatus::kind);
}

const api::HTTPRoute* KubeWorld::find_route(std::string_view name) const {
  const auto found = world.find({api::Kind::HTTPRoute, "default", std::string(name)});
  return found == world.end() ? nullptr : std::get<api::Ptr<api::HTTPRoute>>(found->second).get();
}

}  // namespace pintle::source::testing
