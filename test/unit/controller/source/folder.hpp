// A folder of its own under /tmp for a test, and short manifests to put there.
#pragma once
#include <string>
#include <string_view>

namespace pintle::source::testing {

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  /// The path of `name` in it.
  [[nodiscard]] std::string operator/(std::string_view name) const;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Writes a file, folders above it included.
  void write(std::string_view name, std::string_view text) const;
  /// As a careful writer does it: beside, then renamed over.
  void replace(std::string_view name, std::string_view text) const;
  void rename(std::string_view from, std::string_view to) const;
  void remove(std::string_view name) const;

 private:
  std::string path_;
};

/// A Service; `port` is what its spec says.
[[nodiscard]] std::string service(std::string_view name, int port = 80);
/// An HTTPRoute; `path` is what its spec says.
[[nodiscard]] std::string route(std::string_view name, std::string_view path = "/");

}  // namespace pintle::source::testing
