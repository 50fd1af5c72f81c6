#include "controller/source/folder_watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <fmt/format.h>

namespace pintle::source {
namespace {

constexpr std::uint32_t mask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB |
                               IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

[[nodiscard]] FolderEvent::What meaning_of(std::uint32_t bits, bool named) {
  using What = FolderEvent::What;
  // Without a name it happened to the watched folder itself: it went, or may be read only now.
  if (!named || (bits & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) return What::Lost;
  if ((bits & IN_ISDIR) != 0) return What::Folder;
  if ((bits & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0) return What::Written;
  if ((bits & (IN_DELETE | IN_MOVED_FROM)) != 0) return What::Gone;
  return (bits & IN_CREATE) != 0 ? What::Created : What::Attributes;
}

}  // namespace

struct FolderWatch::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, int fd, std::size_t most_watches, OnEvents sink)
      : descriptor(io, fd), most(most_watches), on_events(std::move(sink)) {}

  void wait() {
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& fault) {
                            if (fault || self->closed) return;
                            const std::vector<FolderEvent> events = self->read_all();
                            if (!events.empty()) self->on_events(events);
                            if (!self->closed) self->wait();
                          });
  }

  std::vector<FolderEvent> read_all() {
    std::vector<FolderEvent> events;
    alignas(inotify_event) std::array<char, std::size_t{64} << 10U> block;
    for (;;) {
      const ssize_t got = ::read(descriptor.native_handle(), block.data(), block.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return events;
      for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        inotify_event head;
        std::memcpy(&head, block.data() + at, sizeof head);
        // The name is padded with zeros to `len`.
        const char* name = head.len == 0 ? "" : block.data() + at + sizeof head;
        add_event(head, name, events);
        at += sizeof head + head.len;
      }
    }
  }

  void add_event(const inotify_event& head, const char* name, std::vector<FolderEvent>& events) {
    const auto watched = folders.find(head.wd);
    if ((head.mask & IN_IGNORED) != 0) {
      if (watched != folders.end()) folders.erase(watched);
      return;
    }
    const FolderEvent::What what = meaning_of(head.mask, *name != '\0');
    if (watched == folders.end()) {
      if ((head.mask & IN_Q_OVERFLOW) != 0) events.push_back({});
      return;  // of a watch that was given up meanwhile
    }
    for (const std::string& folder : watched->second) events.push_back({what, folder, name});
  }

  boost::asio::posix::stream_descriptor descriptor;
  std::size_t most;
  OnEvents on_events;
  std::map<int, std::vector<std::string>> folders;  ///< by watch; one folder may have been added by several paths
  std::map<int, std::vector<std::string>> before;   ///< while scanning: those not added again yet
  bool closed = false;
};

FolderWatch::FolderWatch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

FolderWatch::~FolderWatch() {
  state_->closed = true;
  boost::system::error_code ignored;
  state_->descriptor.close(ignored);
}

Result<std::unique_ptr<FolderWatch>> FolderWatch::open(boost::asio::io_context& io, std::size_t most,
                                                       OnEvents on_events) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0)
    return make_error(
        ErrorCode::Exhausted,
        fmt::format("inotify cannot be used: {} (limit: sysctl fs.inotify.max_user_instances)", std::strerror(errno)));
  auto state = std::make_shared<State>(io, fd, most, std::move(on_events));
  state->wait();
  return std::unique_ptr<FolderWatch>(new FolderWatch(std::move(state)));
}

void FolderWatch::begin_scan() { state_->before = std::exchange(state_->folders, {}); }

Result<void> FolderWatch::add(const std::string& folder) {
  State& state = *state_;
  if (state.most != 0 && state.folders.size() >= state.most)
    return make_error(ErrorCode::Exhausted, fmt::format("no more than {} folders are to be watched", state.most));
  const int watch = ::inotify_add_watch(state.descriptor.native_handle(), folder.c_str(), mask);
  if (watch < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return {};
    return make_error(ErrorCode::Exhausted, fmt::format("no inotify watch is left: {} (limit: sysctl "
                                                        "fs.inotify.max_user_watches)",
                                                        std::strerror(errno)));
  }
  state.before.erase(watch);
  std::vector<std::string>& paths = state.folders[watch];
  if (std::ranges::find(paths, folder) == paths.end()) paths.push_back(folder);
  return {};
}

void FolderWatch::end_scan() {
  for (const auto& [watch, paths] : std::exchange(state_->before, {}))
    (void)::inotify_rm_watch(state_->descriptor.native_handle(), watch);  // gone already, perhaps
}

}  // namespace pintle::source
