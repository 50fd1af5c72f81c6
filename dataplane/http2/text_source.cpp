#include "dataplane/http2/text_source.hpp"

#include <algorithm>
#include <cstring>

#include "dataplane/http1/chunked.hpp"

namespace pintle::http2 {
void TextSource::end(std::string_view trailers) {
  ended_ = true;
  trailers_ = trailers;
}

std::size_t TextSource::drop() noexcept {
  const std::size_t size = payload_.size();
  payload_.clear();
  return size;
}

/// The next piece of framing into text_. False: there is none now.
bool TextSource::write_framing() {
  if (framing_ == PayloadText::Raw) return false;
  if (in_chunk_ && chunk_left_ == 0) {
    in_chunk_ = false;
    text_ += http1::chunk_end;
    return true;
  }
  if (in_chunk_ || closed_) return false;
  if (!payload_.empty()) {
    in_chunk_ = true;
    chunk_left_ = payload_.size();
    text_ += http1::ChunkHeader(chunk_left_).view();
    return true;
  }
  if (!ended_) return false;
  closed_ = true;
  text_ += http1::last_chunk_open;
  text_ += trailers_;
  text_ += "\r\n";
  return true;
}

TextSource::Taken TextSource::take(std::span<char> into) {
  Taken taken;
  do {
    if (text_taken_ < text_.size()) {
      const std::size_t count = std::min(text_.size() - text_taken_, into.size() - taken.text);
      std::memcpy(into.data() + taken.text, text_.data() + text_taken_, count);
      text_taken_ += count;
      taken.text += count;
      if (text_taken_ < text_.size()) return taken;
    }
    text_.clear();
    text_taken_ = 0;
    const std::size_t limit =
        framing_ == PayloadText::Raw ? into.size() - taken.text : std::min(into.size() - taken.text, chunk_left_);
    const std::size_t payload = payload_.take(into.subspan(taken.text, limit));
    chunk_left_ -= framing_ == PayloadText::Raw ? 0 : payload;
    taken.text += payload;
    taken.payload += payload;
  } while (write_framing());
  return taken;
}

}  // namespace pintle::http2
