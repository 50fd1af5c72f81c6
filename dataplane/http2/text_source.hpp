// What arrived on a stream, as the text of HTTP/1 messages: heads as they are given, payload in the framing its head
// announced, trailers at its end.
//   | framing and heads (text_) | payload_ ...  |   the text goes first; one chunk line for all payload there is
// Pure but for the pool. Worker thread.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/net/buffer.hpp"

namespace pintle::http2 {

enum class PayloadText : std::uint8_t { Raw, Chunked };

class TextSource {
 public:
  explicit TextSource(net::BufferPool& pool) noexcept : payload_(pool) {}

  /// Before any payload; several interim heads may come one after another.
  void add_head(std::string_view text) { text_ += text; }
  void set_framing(PayloadText framing) noexcept { framing_ = framing; }
  void add(std::span<const char> payload) { payload_.append(payload); }
  /// No more payload. `trailers`: lines, without the empty one.
  void end(std::string_view trailers);

  struct Taken {
    std::size_t text = 0;
    std::size_t payload = 0;  ///< of it, bytes of payload: what the peer may send anew
  };
  [[nodiscard]] Taken take(std::span<char> into);
  /// Ended, and all of it was taken.
  [[nodiscard]] bool is_over() const noexcept {
    return ended_ && text_.empty() && payload_.empty() && (closed_ || framing_ == PayloadText::Raw);
  }
  /// Nobody reads the rest. Returns how much payload it had.
  std::size_t drop() noexcept;

 private:
  [[nodiscard]] bool write_framing();

  std::string text_;
  std::size_t text_taken_ = 0;
  net::OwnedChunks payload_;
  std::size_t chunk_left_ = 0;
  PayloadText framing_ = PayloadText::Raw;
  bool in_chunk_ = false;
  bool ended_ = false;
  bool closed_ = false;  ///< what follows the last payload was written
  std::string trailers_;
};

}  // namespace pintle::http2
