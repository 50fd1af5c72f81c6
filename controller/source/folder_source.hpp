// A folder of manifests as a Source: every *.yaml, *.yml and *.json below it, several documents a file.
//  - guarantees: the same files give the same objects whatever the order they are read in (a key written twice counts
//    where it stands first by path, then by place; the other is a finding); a file that does not parse, or cannot be
//    read, keeps its last good objects, an object that is refused its own, and findings say where it is broken; the
//    rest applies; the first edit after a calm is seen at once, those that follow within `coalesce` together; a file
//    whose bytes have not changed costs nothing; a folder that vanishes keeps what it last held.
//  - a file that vanishes counts until `settle` has passed: editors and ConfigMap mounts replace files by renaming.
//  - edits are seen by inotify; where its limits are reached, a finding says so and the folders are looked at every
//    `poll` instead.
//  - threads: the control thread's io_context.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>

#include "controller/source/source.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::source {

struct FolderSettings {
  std::vector<std::string> directories;  ///< or single files
  Millis coalesce{5};
  Millis settle{50};
  Millis poll{1000};
  std::size_t max_watches = 0;  ///< folders watched at most; 0: as many as the system allows
};

class FolderSource final : public Source {
 public:
  /// Reads everything once; the first batch (synced) is delivered from the io_context. NoSuchFile names what is not
  /// there.
  [[nodiscard]] static Result<std::unique_ptr<FolderSource>> start(boost::asio::io_context& io, FolderSettings settings,
                                                                   BatchSink sink);
  ~FolderSource() override;
  /// Looks at every file again (SIGHUP).
  void reload();

 private:
  struct State;
  explicit FolderSource(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::source
