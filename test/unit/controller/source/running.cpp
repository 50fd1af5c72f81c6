#include "test/unit/controller/source/running.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/folder.hpp"

namespace pintle::source::testing {

Running::Running(FolderSettings settings) {
  auto started = FolderSource::start(io, std::move(settings), [this](const Batch& batch) {
    EXPECT_TRUE(batch.synced);
    EXPECT_TRUE(std::ranges::is_sorted(batch.changes, {}, &key_of));
    batches.push_back(batch);
    for (const Change& change : batch.changes) {
      if (const auto* upsert = std::get_if<Upsert>(&change)) {
        world[key_of(change)] = upsert->object;
      } else {
        EXPECT_EQ(world.erase(key_of(change)), 1u);
        removed.push_back(key_of(change));
      }
    }
  });
  EXPECT_TRUE(started);
  if (!started) return;
  source = std::move(*started);
  EXPECT_TRUE(batches.empty());  // only from the io_context
  EXPECT_TRUE(until([this] { return !batches.empty(); }));
}

bool Running::until(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

bool Running::until_world_is(const std::string& wanted) {
  const bool reached = until([&] { return keys() == wanted; });
  EXPECT_EQ(keys(), wanted);
  return reached;
}

void Running::settle(const std::string& folder) {
  const std::string name = fmt::format("mark-{}", batches.size());
  const std::string path = fmt::format("{}/{}.yaml", folder, name);
  std::ofstream(path) << service(name);
  EXPECT_TRUE(until([&] { return find<api::Service>(name) != nullptr; }));
  std::filesystem::remove(path);
  EXPECT_TRUE(until([&] { return find<api::Service>(name) == nullptr; }));
  std::erase_if(removed, [&](const api::ObjectKey& key) { return key.name == name; });
}

std::string Running::keys() const {
  std::string all;
  for (const auto& [key, object] : world) all += (all.empty() ? "" : ", ") + api::to_string(key);
  return all;
}

std::string Running::finding_ids() const {
  std::vector<std::string> ids;
  if (!batches.empty())
    for (const api::Finding& finding : batches.back().findings) ids.emplace_back(finding.id);
  std::ranges::sort(ids);
  return fmt::format("{}", fmt::join(ids, " "));
}

int Running::port_of(const std::string& name) const {
  const auto* found = find<api::Service>(name);
  return found == nullptr ? 0 : found->ports.at(0).port;
}

}  // namespace pintle::source::testing
