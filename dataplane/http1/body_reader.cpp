#include "dataplane/http1/body_reader.hpp"

#include <algorithm>
#include <cstring>

namespace pintle::http1 {

void BodyReader::start(const http::BodyFraming& framing) noexcept {
  kind_ = framing.kind;
  remaining_ = framing.kind == http::BodyKind::Length ? framing.length : 0;
  payload_ = 0;
  done_ = framing.empty();
  if (kind_ == http::BodyKind::Chunked) chunked_.reset();
}

BodyBytes BodyReader::take(std::span<char> input) noexcept {
  if (done_) return {};
  BodyBytes out;
  switch (kind_) {
    case http::BodyKind::None:
      break;
    case http::BodyKind::Length:
      out.consumed = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), remaining_));
      out.payload = input.first(out.consumed);
      remaining_ -= out.consumed;
      done_ = remaining_ == 0;
      break;
    case http::BodyKind::Chunked:
      out = take_chunked(input);
      break;
    case http::BodyKind::UntilClose:
      out.consumed = input.size();
      out.payload = input;
      break;
  }
  payload_ += out.payload.size();
  return out;
}

/// One chunk in the input: its payload stays where it is. Several: the later ones move down behind the first.
BodyBytes BodyReader::take_chunked(std::span<char> input) noexcept {
  BodyBytes out;
  char* first = nullptr;
  char* end = nullptr;
  while (true) {
    const ChunkStep step = chunked_.step(input.subspan(out.consumed));
    if (step.progress == ChunkProgress::Data) {
      char* const data = input.data() + (step.data.data() - input.data());
      if (first == nullptr) {
        first = end = data;
      } else if (data != end) {
        std::memmove(end, data, step.data.size());
      }
      end += step.data.size();
    }
    out.consumed += step.consumed;
    if (step.progress == ChunkProgress::Data) continue;
    out.refusal = step.refusal;
    done_ = step.progress == ChunkProgress::Done;
    if (first != nullptr) out.payload = {first, end};
    return out;
  }
}

void BodyReader::pass(std::uint64_t bytes) noexcept {
  remaining_ -= bytes;
  payload_ += bytes;
  done_ = remaining_ == 0;
}

void BodyReader::on_eof() noexcept {
  if (kind_ == http::BodyKind::UntilClose) done_ = true;
}

}  // namespace pintle::http1
