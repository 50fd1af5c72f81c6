// A place to put a text together for a regex, without the heap while it is short. Longer texts use one buffer per
// thread that keeps its capacity, so a worker allocates for it once. One Scratch at a time per thread.
#pragma once
#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace pintle::route {

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void append(std::string_view text) {
    if (!spilled_ && size_ + text.size() <= near_.size()) {
      if (!text.empty()) std::memcpy(near_.data() + size_, text.data(), text.size());
      size_ += text.size();
      return;
    }
    if (!spilled_) {
      far().assign(near_.data(), size_);
      spilled_ = true;
    }
    far().append(text);
  }
  void append(char c) { append(std::string_view(&c, 1)); }
  [[nodiscard]] std::string_view text() const {
    return spilled_ ? std::string_view(far()) : std::string_view(near_.data(), size_);
  }

 private:
  static std::string& far() {
    thread_local std::string buffer;
    return buffer;
  }
  std::array<char, 1024> near_;
  std::size_t size_ = 0;
  bool spilled_ = false;
};

}  // namespace pintle::route
