// Where statuses go: the API server, or in folder mode memory and, if wanted, files.
//  - threads: the control thread.
#pragma once
#include <map>
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
};

/// Keeps statuses in memory; with a directory also as "<kind>_<namespace>_<name>.status.yaml" there, each replaced
/// atomically. The directory is made when the first is written, and may be one the manifests are read from: a folder
/// source leaves such names out.
class FolderStatusSink final : public StatusSink {
 public:
  explicit FolderStatusSink(std::string directory = {});
  std::vector<Error> write(std::span<const StatusPatch> patches) override;
  /// What finish_status takes as `previous`: the statuses written, else those in the manifests, of the objects that
  /// exist. Forgets the others and removes their files; the first call also those that earlier runs left.
  [[nodiscard]] const Statuses& previous(const store::ClusterSnapshot& snapshot);
  [[nodiscard]] const Statuses& statuses() const noexcept { return statuses_; }

 private:
  [[nodiscard]] std::string path_of(const api::ObjectKey& key) const;
  void sweep(const store::ClusterSnapshot& snapshot);
  std::string directory_;
  bool swept_ = false;
  Statuses statuses_;
  std::map<api::ObjectKey, std::string> uids_;  ///< of the objects written: an object made anew starts afresh
};

}  // namespace pintle::status
