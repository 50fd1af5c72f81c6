#include "controller/source/file_stamp.hpp"

#include <chrono>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

namespace pintle::source {

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat s{};
  if (::stat(path.c_str(), &s) != 0) return std::nullopt;
  return FileStamp{static_cast<std::int64_t>(s.st_dev),
                   static_cast<std::int64_t>(s.st_ino),
                   s.st_size,
                   s.st_mtim.tv_sec,
                   s.st_mtim.tv_nsec,
                   s.st_ctim.tv_sec,
                   s.st_ctim.tv_nsec};
}

bool is_fresh(const FileStamp& stamp) {
  using namespace std::chrono;
  const system_clock::time_point written{
      duration_cast<system_clock::duration>(seconds(stamp[3]) + nanoseconds(stamp[4]))};
  return system_clock::now() - written < seconds(1);
}

bool appeared_whole(const std::string& path) {
  struct stat s{};
  return ::lstat(path.c_str(), &s) == 0 && (S_ISLNK(s.st_mode) || s.st_nlink > 1);
}

bool is_link(const std::string& path) {
  std::error_code gone;
  return std::filesystem::is_symlink(std::filesystem::symlink_status(path, gone));
}

}  // namespace pintle::source
