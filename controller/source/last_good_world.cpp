#include "controller/source/last_good_world.hpp"

#include <algorithm>
#include <sys/vfs.h>
#include <utility>

#include <linux/magic.h>

#include <pintle/base/log.hpp>

#include "controller/kube/resource.hpp"
#include "controller/source/json_scan.hpp"
#include "controller/source/read_object.hpp"

namespace pintle::source {
namespace {

[[nodiscard]] bool is_memory(const std::string& directory) noexcept {
  struct statfs facts{};
  return ::statfs(directory.c_str(), &facts) == 0 && (facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC);
}

void read_into(const ObjectJournal& journal, Batch& batch) {
  auto kept = journal.read();
  if (!kept) return log::warning("{}", kept.error().context);
  const auto followed = kube::followed_resources();
  for (const ObjectJournal::Kept& one : *kept) {
    const auto resource = std::ranges::find(followed, one.key.kind, &kube::Resource::kind);
    const auto outline = scan_object(one.json);
    if (resource == followed.end() || !outline) continue;
    std::vector<api::Finding> findings;
    if (auto object = ObjectReader(*resource).read(one.json, *outline, findings))
      batch.changes.emplace_back(Upsert{std::move(*object)});
  }
}

}  // namespace

Result<LastGoodWorld> LastGoodWorld::open(const std::string& directory) {
  auto objects = ObjectJournal::open(directory + "/objects");
  if (!objects) return std::unexpected(std::move(objects.error()));
  LastGoodWorld world(std::move(*objects));
  const std::string keys = directory + "/keys";
  if (!is_memory(keys)) {
    log::info("Secrets are not kept for a restart: {} is no memory-backed folder", keys);
    return world;
  }
  auto secrets = ObjectJournal::open(keys + "/secrets");
  if (!secrets) return std::unexpected(std::move(secrets.error()));
  world.secrets_.emplace(std::move(*secrets));
  world.expect(*world.secrets_);
  return world;
}

void LastGoodWorld::expect(const ObjectJournal& journal) {
  for (api::ObjectKey& key : journal.keys()) unseen_.insert(std::move(key));
}

ObjectJournal* LastGoodWorld::journal_of(api::Kind kind) noexcept {
  if (kind != api::Kind::Secret) return &objects_;
  return secrets_ ? &*secrets_ : nullptr;
}

std::optional<Batch> LastGoodWorld::restore() {
  Batch batch;
  batch.synced = true;
  read_into(objects_, batch);
  if (batch.changes.empty()) return std::nullopt;
  if (secrets_) read_into(*secrets_, batch);
  std::ranges::sort(batch.changes, {}, key_of);
  restored_ = true;
  return batch;
}

void LastGoodWorld::keep(const api::ObjectKey& key, std::string_view json) {
  if (ObjectJournal* const journal = journal_of(key.kind); journal != nullptr && !failed_)
    note(journal->put(key, json));
}

void LastGoodWorld::follow(Batch& batch) {
  for (const Change& change : batch.changes) {
    const api::ObjectKey key = key_of(change);
    unseen_.erase(key);
    ObjectJournal* const journal = std::holds_alternative<Remove>(change) ? journal_of(key.kind) : nullptr;
    if (journal != nullptr && !failed_) note(journal->remove(key));
  }
  if (!batch.synced || std::exchange(synced_, true)) return;
  for (const api::ObjectKey& gone : std::exchange(unseen_, {})) {
    if (ObjectJournal* const journal = journal_of(gone.kind); journal != nullptr && !failed_)
      note(journal->remove(gone));
    if (restored_) batch.changes.emplace_back(Remove{gone});
  }
  std::ranges::sort(batch.changes, {}, key_of);
  if (!failed_) note(objects_.mark_whole());
  if (secrets_ && !failed_) note(secrets_->mark_whole());
}

void LastGoodWorld::note(const Result<void>& written) {
  if (written) return;
  failed_ = true;
  log::warning("the last good world is not kept any more: {}", written.error().context);
}

}  // namespace pintle::source
