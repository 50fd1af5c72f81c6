#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintle::bench {

/// Finds where one HTTP/1.1 message ends. It reads what this bench makes itself, so it is lenient and no example of
/// how a gateway may read: Content-Length, chunked, or no body; field names in any case.
class MessageReader {
 public:
  /// Takes bytes of the current message and none of the next one; answers how many.
  std::size_t feed(std::string_view bytes);
  [[nodiscard]] bool done() const noexcept { return state_ == State::Done; }
  /// A message has begun and not ended.
  [[nodiscard]] bool in_message() const noexcept { return !done() && !head_.empty(); }
  /// Head lines with their CRLFs; whole once a body begins.
  [[nodiscard]] std::string_view head() const noexcept { return head_; }
  /// Ready for the next message; keeps its memory.
  void reset();

 private:
  enum class State { Head, Fixed, ChunkSize, ChunkData, ChunkEnd, Trailer, Done };

  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_counted(std::string_view bytes, State next);
  std::size_t feed_line(std::string_view bytes);
  void on_head();
  void on_line();

  State state_ = State::Head;
  std::size_t left_ = 0;
  std::string head_;
  std::string line_;
};

/// The value of a field, or nothing; `name` in lower case.
[[nodiscard]] std::string_view find_field(std::string_view head, std::string_view name);
/// "/x" of "GET /x HTTP/1.1".
[[nodiscard]] std::string_view target_of(std::string_view head);

}  // namespace pintle::bench
