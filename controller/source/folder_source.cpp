#include "controller/source/folder_source.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controller/source/catalog.hpp"
#include "controller/source/file_stamp.hpp"
#include "controller/source/folder_watch.hpp"
#include "controller/source/manifest_files.hpp"

namespace pintle::source {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

enum class Look : std::uint8_t {
  Changed,  ///< read what the file system says is another file than before
  All       ///< read everything
};

struct Seen {
  FileStamp stamp{};
  std::size_t hash = 0;
  bool readable = false;
  bool fresh = false;  ///< read so soon after it was written that the same stamp may mean other bytes
};

[[nodiscard]] std::string join(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}
[[nodiscard]] std::string folder_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}
[[nodiscard]] bool is_below(std::string_view path, std::string_view folder) {
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  return path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
}

[[nodiscard]] api::Finding polled(const Error& why, const FolderSettings& settings) {
  api::Finding finding;
  finding.id = "GW0503";
  finding.severity = api::Severity::Warning;
  finding.file = settings.directories.empty() ? std::string() : settings.directories.front();
  finding.message = why.context + "; changes are looked for every " + std::to_string(settings.poll.count()) + " ms";
  finding.fix = "raise the limit";
  return finding;
}

}  // namespace

struct FolderSource::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, FolderSettings given, BatchSink batches)
      : io(context), settings(std::move(given)), sink(std::move(batches)), calm(io), settling(io), clock(io) {}

  // What is looked at.
  void scan(Look look);
  void watch_targets(const std::vector<std::string>& files);
  void load(const std::string& path, Look look);
  void leave(const std::string& path);
  /// Nothing can be said of it: it lies in what cannot be read now.
  [[nodiscard]] bool is_lost(const std::string& path) const {
    return std::ranges::any_of(unreadable, [&path](const std::string& lost) { return is_below(path, lost); });
  }
  void settle();

  // What happens.
  void open_watch();
  void on_events(std::span<const FolderEvent> events);
  void note(const FolderEvent& event);
  void apply();
  void deliver();
  void arm_clock();
  template <class Call>
  void after(asio::steady_timer& timer, Millis delay, Call call) {
    timer.expires_after(delay);
    timer.async_wait([weak = weak_from_this(), call](const boost::system::error_code& fault) {
      if (const auto self = weak.lock(); self && !fault) call(*self);
    });
  }
  void add_watch(const std::string& folder) {
    if (!watch) return;
    if (const auto added = watch->add(folder); !added) unwatched = added.error();
  }

  asio::io_context& io;
  const FolderSettings settings;
  const BatchSink sink;
  asio::steady_timer calm;      ///< runs while edits are gathered
  asio::steady_timer settling;  ///< until the first of `leaving` is due
  asio::steady_timer clock;     ///< looks where nothing would tell
  std::unique_ptr<FolderWatch> watch;

  Catalog catalog;
  std::map<std::string, Seen> files;
  std::map<std::string, Monotonic> leaving;               ///< path -> when it counts as gone
  std::set<std::string> folders;                          ///< those the manifests lie in
  std::map<std::string, std::set<std::string>> links_to;  ///< a file elsewhere -> the manifests that link to it
  std::vector<std::string> unreadable;
  std::vector<api::Finding> listing_findings;
  std::optional<Error> unwatched;

  std::set<std::string> dirty;
  std::optional<Look> wanted;
  bool gathering = false;
  bool delivered = false;
  std::vector<api::Finding> last_findings;
};

// ---- looking -------------------------------------------------------------------------------------------------------

void FolderSource::State::scan(Look look) {
  unwatched.reset();
  open_watch();
  if (watch) watch->begin_scan();
  folders.clear();
  // The root itself is an entry of another folder when it is a file or a link: its events come from there.
  for (const std::string& root : settings.directories)
    if (std::error_code gone; is_link(root) || !fs::is_directory(root, gone)) add_watch(folder_of(root));
  Listing listing = list_manifests(settings.directories, [this](const std::string& folder) {
    folders.insert(folder);
    add_watch(folder);
  });
  watch_targets(listing.files);
  if (watch) watch->end_scan();
  unreadable = std::move(listing.unreadable);
  listing_findings = std::move(listing.findings);

  std::vector<std::string> missing;
  for (const auto& [path, seen] : files)
    if (!std::ranges::binary_search(listing.files, path)) missing.push_back(path);
  for (const std::string& path : listing.files) load(path, look);
  for (const std::string& path : missing)
    if (!is_lost(path)) leave(path);
  arm_clock();
}

void FolderSource::State::watch_targets(const std::vector<std::string>& listed) {
  links_to.clear();
  for (const std::string& path : listed) {
    if (!is_link(path)) continue;
    std::error_code gone;
    const fs::path target = fs::canonical(path, gone);
    if (gone) continue;
    links_to[target.string()].insert(path);
    add_watch(target.parent_path().string());
  }
}

void FolderSource::State::load(const std::string& path, Look look) {
  const std::optional<FileStamp> stamp = stamp_of(path);
  if (!stamp) return leave(path);
  if (leaving.erase(path) > 0) catalog.set_present(path);
  Seen& seen = files[path];
  if (look == Look::Changed && seen.stamp == *stamp && !seen.fresh) return;
  const bool was_readable = std::exchange(seen.readable, false);
  seen.stamp = *stamp;
  seen.fresh = is_fresh(*stamp);
  const Result<std::string> bytes = read_file(path);
  if (!bytes) return catalog.set(path, not_loaded(path, bytes.error()));
  seen.readable = true;
  const std::size_t hash = std::hash<std::string_view>{}(*bytes);
  if (std::exchange(seen.hash, hash) != hash || !was_readable) catalog.set(path, load_manifest(path, *bytes));
}

void FolderSource::State::leave(const std::string& path) {
  if (!files.contains(path) || leaving.contains(path)) return;
  catalog.set_leaving(path);
  leaving.emplace(path, std::chrono::steady_clock::now() + settings.settle);
  if (leaving.size() == 1) after(settling, settings.settle, [](State& self) { self.settle(); });
}

void FolderSource::State::settle() {
  const Monotonic now = std::chrono::steady_clock::now();
  std::optional<Monotonic> next;
  std::erase_if(leaving, [&](const auto& entry) {
    const auto& [path, due] = entry;
    if (due > now) {
      next = next ? std::min(*next, due) : due;
      return false;
    }
    if (stamp_of(path) || is_lost(path)) {
      catalog.set_present(path);  // it is being written again, the end of which is an event; or all of its folder went
    } else {
      catalog.remove(path);
      files.erase(path);
    }
    return true;
  });
  if (next) after(settling, std::chrono::ceil<Millis>(*next - now), [](State& self) { self.settle(); });
  deliver();
}

// ---- what happens --------------------------------------------------------------------------------------------------

void FolderSource::State::open_watch() {
  if (watch) return;
  auto opened = FolderWatch::open(io, settings.max_watches, [weak = weak_from_this()](auto events) {
    if (const auto self = weak.lock()) self->on_events(events);
  });
  if (opened)
    watch = std::move(*opened);
  else
    unwatched = opened.error();
}

void FolderSource::State::on_events(std::span<const FolderEvent> events) {
  for (const FolderEvent& event : events) note(event);
  if (!gathering) apply();
}

void FolderSource::State::note(const FolderEvent& event) {
  using What = FolderEvent::What;
  const auto want = [this](Look look) { wanted = std::max(wanted.value_or(look), look); };
  if (event.folder.empty()) return want(Look::All);
  const std::string path = join(event.folder, event.name);
  if (const auto linked = links_to.find(path); linked != links_to.end() && event.what != What::Attributes)
    dirty.insert(linked->second.begin(), linked->second.end());
  const bool is_root = std::ranges::any_of(
      settings.directories, [&path](const std::string& root) { return is_below(path, root) && is_below(root, path); });
  if (is_root && event.what != What::Created) return want(Look::Changed);
  if (event.what == What::Lost) return want(Look::Changed);
  if (!folders.contains(event.folder)) return;
  // A mounted ConfigMap changes by one rename of the link "..data", through which all its files go.
  if (event.name == "..data") return want(Look::Changed);
  if (is_left_out(event.name)) return;
  if (event.what == What::Folder) return want(Look::Changed);
  if (!is_manifest_name(event.name)) return;
  const auto known = files.find(path);
  if (event.what == What::Gone) {
    dirty.erase(path);
    leave(path);
  } else if (is_link(path)) {
    want(Look::Changed);  // where it leads must be watched
  } else if (event.what == What::Written || (event.what == What::Created && appeared_whole(path)) ||
             (event.what == What::Attributes && known != files.end() && !known->second.readable)) {
    dirty.insert(path);
  }
}

/// The first edit after a calm at once; those that come within `coalesce` after it, together at its end.
void FolderSource::State::apply() {
  if (!wanted && dirty.empty()) return;
  if (const auto look = std::exchange(wanted, std::nullopt)) scan(*look);
  for (const std::string& path : std::exchange(dirty, {})) load(path, Look::All);
  gathering = true;
  after(calm, settings.coalesce, [](State& self) {
    self.gathering = false;
    self.apply();
  });
  deliver();
}

void FolderSource::State::deliver() {
  Batch batch{.changes = catalog.take_changes(), .findings = catalog.findings(), .synced = true};
  std::ranges::copy(listing_findings, std::back_inserter(batch.findings));
  if (unwatched) batch.findings.push_back(polled(*unwatched, settings));
  sort_findings(batch.findings);
  if (std::exchange(delivered, true) && batch.changes.empty() && batch.findings == last_findings) return;
  last_findings = batch.findings;
  sink(batch);
}

void FolderSource::State::arm_clock() {
  if (!unwatched && unreadable.empty()) {
    clock.cancel();
    return;
  }
  after(clock, settings.poll, [](State& self) {
    self.scan(Look::Changed);
    self.deliver();
  });
}

// ---- FolderSource --------------------------------------------------------------------------------------------------

FolderSource::FolderSource(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
FolderSource::~FolderSource() {
  state_->watch.reset();
  state_->calm.cancel();
  state_->settling.cancel();
  state_->clock.cancel();
}

Result<std::unique_ptr<FolderSource>> FolderSource::start(asio::io_context& io, FolderSettings settings,
                                                          BatchSink sink) {
  for (const std::string& root : settings.directories)
    if (std::error_code fault; !fs::exists(root, fault))
      return make_error(ErrorCode::NoSuchFile,
                        "there is no file or folder " + root + "; give one that holds .yaml, .yml or .json manifests");
  auto state = std::make_shared<State>(io, std::move(settings), std::move(sink));
  state->scan(Look::All);
  asio::post(io, [weak = std::weak_ptr<State>(state)] {
    if (const auto self = weak.lock()) self->deliver();
  });
  return std::unique_ptr<FolderSource>(new FolderSource(std::move(state)));
}

void FolderSource::reload() {
  state_->scan(Look::All);
  state_->deliver();
}

}  // namespace pintle::source
