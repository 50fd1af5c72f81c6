#include "controller/status/sink.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/status/status_text.hpp"
#include "test/unit/controller/status/reports.hpp"

namespace pintle::status {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct TempFolder {
  std::string path;
  TempFolder() {
    std::string name = "/tmp/pintle-sink-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TempFolder() { fs::remove_all(path); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
};

std::string content(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

store::ClusterSnapshot snapshot_of(const std::vector<std::pair<std::string, std::string>>& gateways_and_uids) {
  source::Batch batch;
  for (const auto& [name, uid] : gateways_and_uids) {
    auto made = std::make_shared<api::Gateway>();
    made->metadata.ns = "default";
    made->metadata.name = name;
    made->metadata.uid = uid;
    made->status.conditions = {testing::condition("example.com/Written", api::ConditionStatus::True, "ByHand")};
    batch.changes.emplace_back(source::Upsert{api::Ptr<api::Gateway>(std::move(made))});
  }
  store::Store store;
  (void)store.apply(batch);
  return store.freeze();
}

StatusPatch patch_of(const std::string& name, const std::string& uid) {
  api::GatewayStatus status;
  status.conditions = {testing::condition("Accepted", api::ConditionStatus::True, "Accepted")};
  return {.key = {api::Kind::Gateway, "default", name},
          .uid = uid,
          .generation = 3,
          .status = std::make_shared<const StatusValue>(status)};
}

std::string shown(const Statuses& statuses, const std::string& name) {
  const auto found = statuses.find({api::Kind::Gateway, "default", name});
  return found == statuses.end() ? "none" : testing::shown(std::get<api::GatewayStatus>(*found->second).conditions);
}

TEST(FolderStatusSink, WhatWasWrittenCountsElseTheManifest) {
  FolderStatusSink sink;
  const auto snapshot = snapshot_of({{"a", "1"}, {"b", "1"}});
  EXPECT_EQ(shown(sink.previous(snapshot), "a"), "example.com/Written=True/ByHand");
  EXPECT_TRUE(sink.write(std::vector{patch_of("a", "1")}).empty());
  EXPECT_EQ(shown(sink.previous(snapshot), "a"), "Accepted=True/Accepted");
  EXPECT_EQ(shown(sink.previous(snapshot), "a"), "Accepted=True/Accepted");  // and again
  EXPECT_EQ(shown(sink.statuses(), "b"), "example.com/Written=True/ByHand");
}

TEST(FolderStatusSink, AnObjectMadeAnewStartsAfresh) {
  FolderStatusSink sink;
  (void)sink.previous(snapshot_of({{"a", "1"}, {"b", "1"}}));
  (void)sink.write(std::vector{patch_of("a", "1"), patch_of("b", "1")});
  EXPECT_EQ(shown(sink.previous(snapshot_of({{"a", "2"}})), "a"), "example.com/Written=True/ByHand");
  EXPECT_EQ(shown(sink.statuses(), "b"), "none");
}

TEST(FolderStatusSink, FilesComeAndGoWithTheObjects) {
  const TempFolder temp;
  FolderStatusSink sink(temp.path + "/made/here");
  (void)sink.previous(snapshot_of({{"a", "1"}, {"b", "1"}}));
  EXPECT_TRUE(sink.write(std::vector{patch_of("a", "1"), patch_of("b", "1")}).empty());
  const std::vector<std::string> both{"gateway_default_a.status.yaml", "gateway_default_b.status.yaml"};
  EXPECT_EQ(names_in(temp.path + "/made/here"), both);
  EXPECT_EQ(content(temp.path + "/made/here/" + both[0]), to_yaml(patch_of("a", "1")));
  (void)sink.previous(snapshot_of({{"b", "1"}}));
  EXPECT_EQ(names_in(temp.path + "/made/here"), std::vector{both[1]});
}

TEST(FolderStatusSink, FilesOfAnEarlierRunGoWithTheirObjects) {
  const TempFolder temp;
  (void)FolderStatusSink(temp.path).write(std::vector{patch_of("a", "1"), patch_of("b", "1")});
  // What a person wrote stays, whatever its name.
  std::ofstream(temp.path + "/gateway_default_mine.status.yaml") << "apiVersion: gateway.networking.k8s.io/v1\n";
  std::ofstream(temp.path + "/notes.status.yaml") << "apiVersion: \"gateway.networking.k8s.io/v1\"\n";
  FolderStatusSink sink(temp.path);
  (void)sink.previous(snapshot_of({{"b", "7"}}));
  const std::vector<std::string> left{"gateway_default_b.status.yaml", "gateway_default_mine.status.yaml",
                                      "notes.status.yaml"};
  EXPECT_EQ(names_in(temp.path), left);
}

TEST(FolderStatusSink, OneThatCannotBeWrittenKeepsNoOtherFromIt) {
  const TempFolder temp;
  fs::create_directory(temp.path + "/gateway_default_a.status.yaml");
  fs::create_directory(temp.path + "/gateway_default_a.status.yaml/full");
  FolderStatusSink sink(temp.path);
  const std::vector<Error> errors = sink.write(std::vector{patch_of("a", "1"), patch_of("b", "1")});
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_THAT(errors[0].context, HasSubstr("gateway_default_a.status.yaml"));
  EXPECT_TRUE(fs::is_regular_file(temp.path + "/gateway_default_b.status.yaml"));
  EXPECT_EQ(shown(sink.statuses(), "a"), "Accepted=True/Accepted");
}

TEST(StatusText, IsYamlOfTheObject) {
  StatusPatch patch = patch_of("a", "1");
  auto status = std::get<api::GatewayStatus>(*patch.status);
  status.addresses = {{.value = "127.0.0.1"}};
  status.conditions[0].message = "say \"hi\"\n\\ \x01";
  status.listeners = {
      {.name = "http", .supported_kinds = {{.kind = "HTTPRoute"}}, .attached_routes = 2, .conditions = {}}};
  patch.status = std::make_shared<const StatusValue>(status);
  EXPECT_EQ(to_yaml(patch), R"(apiVersion: "gateway.networking.k8s.io/v1"
kind: "Gateway"
metadata:
  namespace: "default"
  name: "a"
  generation: 3
status:
  addresses:
    - type: "IPAddress"
      value: "127.0.0.1"
  conditions:
    - type: "Accepted"
      status: "True"
      reason: "Accepted"
      message: "say \"hi\"\n\\ \x01"
      observedGeneration: 1
      lastTransitionTime: "2025-06-15T15:06:40Z"
  listeners:
    - name: "http"
      attachedRoutes: 2
      supportedKinds:
        - group: "gateway.networking.k8s.io"
          kind: "HTTPRoute"
)");
}

TEST(StatusText, OfARouteNamesItsParents) {
  api::RouteParentStatus parent{.parent_ref = testing::parent("gw").ref, .controller_name = "us", .conditions = {}};
  parent.parent_ref.port = 80;
  const api::RouteStatus status{.parents = {parent}};
  const StatusPatch patch{.key = {api::Kind::HTTPRoute, "ns", "r"},
                          .uid = "",
                          .generation = 1,
                          .status = std::make_shared<const StatusValue>(status)};
  EXPECT_THAT(to_yaml(patch), HasSubstr(R"(  parents:
    - parentRef:
        group: "gateway.networking.k8s.io"
        kind: "Gateway"
        name: "gw"
        port: 80
      controllerName: "us"
)"));
}

}  // namespace
}  // namespace pintle::status
