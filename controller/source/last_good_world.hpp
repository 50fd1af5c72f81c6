// What a cluster last said, kept over a restart (req 71): served when the API server does not answer at the start.
//   DIR/objects        all but Secrets
//   DIR/keys/secrets   Secrets, only where DIR/keys is memory (tmpfs): private keys never reach a disk
//  - guarantees: restore() gives a world that was whole, or nothing; once the API server has been listed, what it no
//    longer has is removed; a file that cannot be written ends the keeping with one line in the log, never the serving.
//  - leaves to others: when to restore.
//  - threads: the control thread.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

#include "controller/source/object_journal.hpp"
#include "controller/source/source.hpp"

namespace pintle::source {

class LastGoodWorld {
 public:
  /// The directory must exist and be writable.
  [[nodiscard]] static Result<LastGoodWorld> open(const std::string& directory);

  /// All objects that were kept, as one synced batch; nullopt if there is no whole world.
  [[nodiscard]] std::optional<Batch> restore();
  /// An object as it came, see KubeSettings::on_text.
  void keep(const api::ObjectKey& key, std::string_view json);
  /// A batch of the API server on its way to the store: what is gone goes here too, and what was restored and is not
  /// there any more leaves the store with the first synced batch.
  void follow(Batch& batch);

 private:
  explicit LastGoodWorld(ObjectJournal objects) : objects_(std::move(objects)) { expect(objects_); }
  void expect(const ObjectJournal& journal);
  [[nodiscard]] ObjectJournal* journal_of(api::Kind kind) noexcept;
  void note(const Result<void>& written);

  ObjectJournal objects_;
  std::optional<ObjectJournal> secrets_;
  std::set<api::ObjectKey> unseen_;  ///< kept, and not heard of from the API server in this run
  bool restored_ = false;
  bool synced_ = false;
  bool failed_ = false;
};

}  // namespace pintle::source
