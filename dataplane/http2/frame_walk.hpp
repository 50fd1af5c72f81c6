// Follows a client's frames by their heads alone: nghttp2 tells neither the end of a header block that it ignores or
// refuses, nor DATA of a stream that is over. Worker thread.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <nghttp2/nghttp2.h>

namespace pintle::http2 {

class FrameWalk {
 public:
  /// From the first byte of the preface on, in any pieces.
  void take(std::span<const char> bytes) noexcept {
    while (!bytes.empty()) {
      if (left_ > 0) {
        const std::size_t count = std::min(left_, bytes.size());
        left_ -= count;
        bytes = bytes.subspan(count);
        continue;
      }
      head_[filled_++] = static_cast<std::uint8_t>(bytes.front());
      bytes = bytes.subspan(1);
      if (filled_ == head_.size()) begin_frame();
    }
  }
  /// A header block has begun and is not complete.
  [[nodiscard]] bool is_in_block() const noexcept { return in_block_ && (left_ > 0 || !ends_block_); }
  /// So many frames of DATA have begun.
  [[nodiscard]] std::uint64_t data_frames() const noexcept { return data_frames_; }

 private:
  void begin_frame() noexcept {  // RFC 9113 section 4.1
    filled_ = 0;
    left_ = std::size_t{head_[0]} << 16 | std::size_t{head_[1]} << 8 | std::size_t{head_[2]};
    in_block_ = head_[3] == NGHTTP2_HEADERS || head_[3] == NGHTTP2_CONTINUATION;
    if (head_[3] == NGHTTP2_DATA) ++data_frames_;
    ends_block_ = (head_[4] & NGHTTP2_FLAG_END_HEADERS) != 0;
  }

  std::array<std::uint8_t, 9> head_{};
  std::size_t filled_ = 0;
  std::size_t left_ = NGHTTP2_CLIENT_MAGIC_LEN;  ///< of the payload
  std::uint64_t data_frames_ = 0;
  bool in_block_ = false;
  bool ends_block_ = false;
};

}  // namespace pintle::http2
