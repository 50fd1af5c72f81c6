// Bytes of a stream, cut anywhere, to lines.
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle::kube {

class LineSplitter {
 public:
  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  /// Appends the lines that are complete now, without their end (LF or CR LF). False: one is longer than allowed.
  [[nodiscard]] bool add(std::string_view bytes, std::vector<std::string>& lines) {
    while (true) {
      const std::size_t end = bytes.find('\n');
      if (unfinished_.size() + std::min(end, bytes.size()) > longest_) return false;
      if (end == std::string_view::npos) {
        unfinished_.append(bytes);
        return true;
      }
      unfinished_.append(bytes.substr(0, end));
      if (unfinished_.ends_with('\r')) unfinished_.pop_back();
      lines.push_back(std::exchange(unfinished_, {}));
      bytes.remove_prefix(end + 1);
    }
  }

 private:
  std::size_t longest_;
  std::string unfinished_;
};

}  // namespace pintle::kube
