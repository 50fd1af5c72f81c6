// inotify on an io_context: what happened in a set of folders.
//  - guarantees: after a scan exactly the folders added in it are watched; events of one moment arrive together.
//  - leaves to others: which folders, what an event means.
//  - threads: the io_context's.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <pintle/base/error.hpp>

namespace boost::asio {
class io_context;
}

namespace pintle::source {

struct FolderEvent {
  enum class What : std::uint8_t {
    Written,     ///< closed after writing, or moved here: it is complete
    Created,     ///< perhaps still empty
    Gone,        ///< deleted or moved away
    Attributes,  ///< permissions or times
    Folder,      ///< a folder below came, went or changed its permissions
    Lost         ///< events were lost, or the folder itself went: look at everything. No name.
  };
  What what = What::Lost;
  std::string folder;  ///< as added; empty when it cannot be told
  std::string name;    ///< in it
};

class FolderWatch {
 public:
  using OnEvents = std::function<void(std::span<const FolderEvent>)>;
  /// Exhausted: the limit of inotify instances is reached. `most` bounds the watches; 0: the system's limit alone.
  [[nodiscard]] static Result<std::unique_ptr<FolderWatch>> open(boost::asio::io_context& io, std::size_t most,
                                                                 OnEvents on_events);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  void begin_scan();
  /// Exhausted: no watch is left. A folder that is gone already is no error.
  [[nodiscard]] Result<void> add(const std::string& folder);
  void end_scan();

 private:
  struct State;
  explicit FolderWatch(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::source
