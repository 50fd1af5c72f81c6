#include "controller/source/last_good_world.hpp"

#include <filesystem>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::source {
namespace {

std::string service(std::string_view name) {
  return fmt::format(R"({{"metadata":{{"name":"{}","namespace":"default","uid":"u","resourceVersion":"1"}},)"
                     R"("spec":{{"clusterIP":"10.96.0.9","ports":[{{"port":80}}]}}}})",
                     name);
}
api::ObjectKey key(std::string_view name) { return {api::Kind::Service, "default", std::string(name)}; }

class LastGoodWorldTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "world-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  LastGoodWorld open() {
    auto made = LastGoodWorld::open(directory_);
    if (!made) throw std::runtime_error(made.error().context);
    return std::move(*made);
  }
  /// A run that sees these Services and no other.
  static Batch see(LastGoodWorld& world, const std::vector<std::string>& names) {
    Batch batch;
    batch.synced = true;
    for (const std::string& name : names) {
      world.keep(key(name), service(name));
      auto object = std::make_shared<api::Service>();
      object->metadata.ns = "default";
      object->metadata.name = name;
      batch.changes.emplace_back(Upsert{api::Ptr<api::Service>(std::move(object))});
    }
    world.follow(batch);
    return batch;
  }
  static std::vector<std::string> names(const Batch& batch) {
    std::vector<std::string> out;
    for (const Change& change : batch.changes)
      out.push_back((std::holds_alternative<Remove>(change) ? "-" : "") + key_of(change).name);
    return out;
  }
  std::string directory_;
};

TEST_F(LastGoodWorldTest, NothingKeptIsNoWorld) { EXPECT_FALSE(open().restore()); }

TEST_F(LastGoodWorldTest, ComesBackAsOneSyncedBatch) {
  {
    LastGoodWorld world = open();
    see(world, {"shop", "blog"});
  }
  const auto batch = open().restore();
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->synced);
  EXPECT_THAT(names(*batch), testing::ElementsAre("blog", "shop"));
  const auto& object = std::get<Upsert>(batch->changes[1]).object;
  EXPECT_EQ(std::get<api::Ptr<api::Service>>(object)->ports.at(0).port, 80);
}

TEST_F(LastGoodWorldTest, WhatWentMeanwhileLeavesWithTheFirstWholeBatch) {
  {
    LastGoodWorld world = open();
    see(world, {"shop", "blog"});
  }
  LastGoodWorld world = open();
  ASSERT_TRUE(world.restore());
  EXPECT_THAT(names(see(world, {"shop"})), testing::ElementsAre("-blog", "shop"));
  EXPECT_THAT(names(*open().restore()), testing::ElementsAre("shop"));
}

TEST_F(LastGoodWorldTest, WithoutRestoringTheStoreHearsOfNoRemoval) {
  {
    LastGoodWorld world = open();
    see(world, {"shop", "blog"});
  }
  LastGoodWorld world = open();
  EXPECT_THAT(names(see(world, {"shop"})), testing::ElementsAre("shop"));
  EXPECT_THAT(names(*open().restore()), testing::ElementsAre("shop")) << "but the files do";
}

TEST_F(LastGoodWorldTest, KeysNeverReachADisk) {
  std::filesystem::create_directory(directory_ + "/keys");
  LastGoodWorld world = open();
  world.keep({api::Kind::Secret, "default", "tls"}, R"({"data":{"tls.key":"c2VjcmV0"}})");
  if (std::filesystem::exists(directory_ + "/keys/secrets")) GTEST_SKIP() << "the temporary folder is memory here";
  EXPECT_EQ(std::filesystem::file_size(directory_ + "/objects"), 0U);
}

}  // namespace
}  // namespace pintle::source
