// Files of the own CA on disk. Internal to internal_ca.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

namespace pintle::app {

enum class FileSecrecy : std::uint8_t {
  Public,  ///< 0644
  Secret   ///< 0600
};

/// A folder's lock, held while the object lives: programs that start together wait for each other.
class FolderLock {
 public:
  /// Makes the folder (and those above it) if it is not there.
  [[nodiscard]] static Result<FolderLock> take(const std::string& directory);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) noexcept : descriptor_(descriptor) {}
  int descriptor_;
};

/// nullopt: there is no such file. A Secret one that others than its owner may read is an error.
[[nodiscard]] Result<std::optional<std::string>> read_ca_file(const std::string& path, FileSecrecy secrecy);
/// Whole or not at all, and never over a file that is there.
[[nodiscard]] Result<void> create_ca_file(const std::string& path, std::string_view bytes, FileSecrecy secrecy);

}  // namespace pintle::app
