// A folder of manifests as a Source: every *.yaml, *.yml and *.json below it, several documents a file.
//  - guarantees: the same files give the same objects whatever the order they are read in (a key written twice counts
//    where it stands first by path, then by place; the other is a finding); a file that does not parse keeps its last
//    good objects and says where it is broken, and the rest applies; edits are seen by inotify and coalesced for
//    `coalesce`; a folder that vanishes keeps what it last held.
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
