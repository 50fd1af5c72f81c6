#include "controller/source/manifest_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <unistd.h>

#include <fmt/format.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::source {
namespace {

namespace fs = std::filesystem;

[[nodiscard]] api::Finding cannot_read(std::string_view id, const std::string& path, std::string message,
                                       std::string fix) {
  api::Finding finding;
  finding.id = id;
  finding.file = path;
  finding.message = std::move(message);
  finding.fix = std::move(fix);
  return finding;
}

class Lister {
 public:
  Lister(Listing& out, const std::function<void(const std::string&)>& on_folder) : out_(out), on_folder_(on_folder) {}

  void add_root(const std::string& root) {
    std::error_code fault;
    const fs::file_status status = fs::status(root, fault);
    if (!fs::status_known(status) || !fs::exists(status)) {
      const bool hidden = fault == std::errc::permission_denied;
      refuse(root, hidden ? fault.message() : std::string("there is no such file or folder"));
    } else if (fs::is_directory(status)) {
      folders_.push_back(root);
      while (!folders_.empty()) {
        const std::string next = std::move(folders_.back());
        folders_.pop_back();
        read_folder(next);
      }
    } else {
      out_.files.push_back(root);
    }
  }

 private:
  void read_folder(const std::string& folder) {
    if (on_folder_) on_folder_(folder);
    std::error_code fault;
    for (auto at = fs::directory_iterator(folder, fault); !fault && at != fs::directory_iterator();
         at.increment(fault)) {
      const fs::path& found = at->path();
      const std::string name = found.filename().string();
      if (is_left_out(name)) continue;
      std::error_code gone;  // since the folder was read: somebody else's event
      if (fs::is_directory(at->symlink_status(gone)))
        folders_.push_back(found.string());
      else if (is_manifest_name(name) && fs::is_regular_file(at->status(gone)))
        out_.files.push_back(found.string());
    }
    if (fault) refuse(folder, fault.message());
  }
  void refuse(const std::string& path, std::string message) {
    out_.unreadable.push_back(path);
    out_.findings.push_back(cannot_read("GW0107", path, std::move(message),
                                        "give an existing file or folder of .yaml, .yml or .json files"));
  }

  Listing& out_;
  const std::function<void(const std::string&)>& on_folder_;
  std::vector<std::string> folders_;
};

/// A descriptor that is closed.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

[[nodiscard]] std::unexpected<Error> read_fault(const std::string& path, int fault) {
  const ErrorCode code = fault == ENOENT || fault == ENOTDIR ? ErrorCode::NoSuchFile
                         : fault == EACCES || fault == EPERM ? ErrorCode::PermissionDenied
                                                             : ErrorCode::Internal;
  return make_error(code, fmt::format("{} cannot be read: {}", path, std::strerror(fault)));
}

}  // namespace

bool is_left_out(std::string_view name) { return name.starts_with('.') || name.ends_with('~'); }

bool is_manifest_name(std::string_view name) {
  if (is_left_out(name) || name.ends_with(".status.yaml")) return false;
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

Listing list_manifests(const std::vector<std::string>& roots,
                       const std::function<void(const std::string&)>& on_folder) {
  Listing out;
  Lister lister(out, on_folder);
  for (const std::string& root : roots) lister.add_root(root);
  std::ranges::sort(out.files);
  const auto repeated = std::ranges::unique(out.files);
  out.files.erase(repeated.begin(), repeated.end());
  return out;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) return read_fault(path, errno);
  if (!S_ISREG(status.st_mode)) return make_error(ErrorCode::Unsupported, path + " cannot be read: it is not a file");
  std::string bytes;
  bytes.reserve(std::min(static_cast<std::size_t>(status.st_size), limit) + 1);
  std::array<char, std::size_t{64} << 10U> block;
  while (bytes.size() <= limit) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got == 0) return bytes;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return read_fault(path, errno);
    bytes.append(block.data(), static_cast<std::size_t>(got));
  }
  return make_error(ErrorCode::TooLarge, fmt::format("the file is larger than {} bytes", limit));
}

namespace {

LoadedFile read_and_decode(const std::string& path, std::string_view bytes) {
  LoadedFile out;
  std::vector<api::AnyObject> decoded;
  std::vector<api::Finding> findings;
  // One after another: the trees of all documents together would take several times what their objects take.
  out.whole = api::read_manifest(
      {.bytes = bytes, .file = std::make_shared<const std::string>(path)},
      [&](const api::Document& document) { api::decode_document(document, {}, decoded, findings); }, out.findings);
  if (!out.whole) return out;  // of a file with a fault of its syntax nobody can say what the rest of it means
  std::ranges::move(findings, std::back_inserter(out.findings));
  std::map<api::ObjectKey, api::SourceLocation> seen;
  for (api::AnyObject& object : decoded) {
    const auto [first, added] = seen.try_emplace(api::key_of(object), api::metadata_of(object).location);
    if (added)
      out.objects.push_back(std::move(object));
    else
      out.findings.push_back(written_twice(object, first->second));
  }
  return out;
}

}  // namespace

LoadedFile load_manifest(const std::string& path, std::string_view bytes) {
  LoadedFile out = read_and_decode(path, bytes);
  api::add_ways_out(out.findings);
  return out;
}

LoadedFile not_loaded(const std::string& path, const Error& error) {
  LoadedFile out;
  if (error.code == ErrorCode::TooLarge)
    out.findings.push_back(cannot_read("GW0105", path, error.context, "split it into several files"));
  else
    out.findings.push_back(cannot_read("GW0107", path, error.context, "make it readable for the user Pintle runs as"));
  return out;
}

api::Finding written_twice(const api::AnyObject& repeated, const api::SourceLocation& first) {
  const api::SourceLocation& place = api::metadata_of(repeated).location;
  api::Finding finding;
  finding.id = "GW0501";
  finding.severity = api::Severity::Warning;
  finding.file = std::string(place.path());
  finding.line = place.line;
  finding.column = place.column;
  finding.object = api::to_string(api::key_of(repeated));
  finding.message = fmt::format("is written already at {}:{}, which counts", first.path(), first.line);
  finding.fix = "remove one of the two";
  return finding;
}

void sort_findings(std::vector<api::Finding>& findings) {
  std::ranges::sort(findings, {},
                    [](const api::Finding& f) { return std::tie(f.file, f.line, f.column, f.id, f.message); });
}

}  // namespace pintle::source
