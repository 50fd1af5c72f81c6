// Where statuses go: the API server, or in folder mode memory and, if wanted, files.
//  - threads: the control thread.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <pintle/base/error.hpp>

#include "controller/status/finish.hpp"

namespace pintle::status {

class StatusSink {
 public:
  virtual ~StatusSink() = default;
  /// Writes all of them; one that fails does not keep the others from being written. The errors, for the log.
  virtual std::vector<Error> write(std::span<const StatusPatch> patches) = 0;
  /// What finish_status takes as `previous` for the objects of the snapshot; write() is of that snapshot then.
  [[nodiscard]] virtual const Statuses& previous(const store::ClusterSnapshot& snapshot) = 0;
  /// The same with what was written since; it shows what is written later too.
  [[nodiscard]] virtual std::shared_ptr<const Statuses> shared_statuses() const = 0;
};

/// Keeps statuses in memory; with a directory also as "<kind>_<namespace>_<name>.status.yaml" there, each replaced
/// atomically. The directory is made when the first is written, and may be one the manifests are read from: a folder
/// source leaves such names out.
class FolderStatusSink final : public StatusSink {
 public:
  explicit FolderStatusSink(std::string directory = {});
  /// Of objects of the snapshot last given to previous().
  std::vector<Error> write(std::span<const StatusPatch> patches) override;
  /// What finish_status takes as `previous`: the statuses written, else those in the manifests, of the objects that
  /// exist. Forgets the others and removes their files; the first call also those that earlier runs left. Costs what
  /// differs from the snapshot of the call before.
  [[nodiscard]] const Statuses& previous(const store::ClusterSnapshot& snapshot) override;
  [[nodiscard]] const Statuses& statuses() const noexcept { return *statuses_; }
  [[nodiscard]] std::shared_ptr<const Statuses> shared_statuses() const noexcept override { return statuses_; }

 private:
  [[nodiscard]] std::string path_of(const api::ObjectKey& key) const;
  void sweep(const store::ClusterSnapshot& snapshot);
  template <class T>
  void follow(const store::ClusterSnapshot& snapshot);
  std::string directory_;
  bool swept_ = false;
  store::ClusterSnapshot snapshot_;
  std::shared_ptr<Statuses> statuses_ = std::make_shared<Statuses>();
  std::set<api::ObjectKey> unwritten_;  ///< their status is that of the manifest
};

}  // namespace pintle::status
