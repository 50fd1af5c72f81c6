#include "src/app/ca_files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "dataplane/net/unique_fd.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] ErrorCode code_of(int fault) noexcept {
  return fault == EACCES || fault == EPERM || fault == EROFS ? ErrorCode::PermissionDenied : ErrorCode::NoSuchFile;
}

[[nodiscard]] std::unexpected<Error> failed(std::string_view what, const std::string& path, int fault) {
  return make_error(code_of(fault), fmt::format("cannot {} {}: {}; choose another folder with --state-dir DIR", what,
                                                path, std::strerror(fault)));
}

[[nodiscard]] bool write_all(int descriptor, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& directory) {
  std::error_code fault;
  std::filesystem::create_directories(directory, fault);
  if (fault) return failed("make the state folder", directory, fault.value());
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open the state folder", directory, errno);
  FolderLock lock(descriptor);
  while (::flock(descriptor, LOCK_EX) != 0)
    if (errno != EINTR) return failed("lock the state folder", directory, errno);
  return lock;
}
FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::optional<std::string>> read_ca_file(const std::string& path, FileSecrecy secrecy) {
  const net::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    return failed("read", path, errno);
  }
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return failed("read", path, errno);
  if (!S_ISREG(facts.st_mode))
    return make_error(ErrorCode::InvalidArgument, fmt::format("{} is no regular file; move it away", path));
  if (secrecy == FileSecrecy::Secret && (facts.st_mode & 0077U) != 0)
    return make_error(ErrorCode::PermissionDenied,
                      fmt::format("{} can be read by others (mode {:04o}); chmod 600 it, or, if others may have it "
                                  "already, remove it (a CA's key together with ca.crt): it is made anew",
                                  path, facts.st_mode & 07777U));
  std::string bytes;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t got = ::read(file.get(), part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path, errno);
    if (got == 0) break;
    bytes.append(part.data(), static_cast<std::size_t>(got));
    if (bytes.size() > 64 * 1024)
      return make_error(ErrorCode::TooLarge, fmt::format("{} is too large to be what it should be", path));
  }
  explicit_bzero(part.data(), part.size());
  return bytes;
}

Result<void> create_ca_file(const std::string& path, std::string_view bytes, FileSecrecy secrecy) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  const mode_t mode = secrecy == FileSecrecy::Secret ? 0600 : 0644;
  const net::UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return failed("write", temporary, errno);
  // link(2) unlike rename(2) fails where a file is already.
  const bool written =
      write_all(file.get(), bytes) && ::fchmod(file.get(), mode) == 0 && ::link(temporary.c_str(), path.c_str()) == 0;
  const int fault = errno;
  (void)::unlink(temporary.c_str());
  if (!written) return failed("write", path, fault);
  return {};
}

}  // namespace pintle::app
