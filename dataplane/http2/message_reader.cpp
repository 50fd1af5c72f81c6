#include "dataplane/http2/message_reader.hpp"

#include <algorithm>
#include <utility>

namespace pintle::http2 {
namespace {

/// A head the gateway wrote was within the limits when it came and grew by filters since.
constexpr http1::RequestRules own_rules{.limits = {.start_line = 64 * 1024, .field = 64 * 1024, .head = 128 * 1024},
                                        .path = {}};

}  // namespace

MessageReader::Step MessageReader::step(std::span<const char>& text, HeadStorage& storage) {
  switch (phase_) {
    case Phase::Head:
      return text.empty() ? Step::NeedMore : read_head(text, storage);
    case Phase::Length:
      if (text.empty()) return Step::NeedMore;
      payload_ = text.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, text.size())));
      text = text.subspan(payload_.size());
      left_ -= payload_.size();
      if (left_ == 0) phase_ = Phase::Ending;
      return Step::Payload;
    case Phase::Chunked: {
      if (text.empty()) return Step::NeedMore;
      const http1::ChunkStep chunk = chunked_.step(text);
      text = text.subspan(chunk.consumed);
      if (chunk.progress == http1::ChunkProgress::Refused) return Step::Broken;
      if (chunk.progress == http1::ChunkProgress::NeedMore) return Step::NeedMore;
      if (chunk.progress == http1::ChunkProgress::Done) {
        phase_ = Phase::Over;
        return Step::End;
      }
      payload_ = chunk.data;
      return Step::Payload;
    }
    case Phase::Tunnel:
      if (text.empty()) return Step::NeedMore;
      payload_ = std::exchange(text, {});
      return Step::Payload;
    case Phase::Ending:
      phase_ = Phase::Over;
      return Step::End;
    case Phase::Over:
      return text.empty() ? Step::NeedMore : Step::Broken;
  }
  return Step::Broken;
}

MessageReader::Step MessageReader::read_head(std::span<const char>& text, HeadStorage& storage) {
  // Usually all of it is here and is read where it stands.
  const std::size_t before = head_.size();
  if (before > 0) head_.append(text.data(), text.size());
  // The request parser writes only where a path is not normal, and the gateway writes none that is not.
  const std::span<char> bytes =
      before > 0 ? std::span<char>(head_) : std::span<char>(const_cast<char*>(text.data()), text.size());
  http1::ParseResult parsed;
  if (kind_ == Kind::Request)
    parsed = request_parser_.parse(bytes, own_rules, storage.request, storage.request_fields);
  else
    parsed = response_parser_.parse(bytes, facts_, storage.response, storage.response_fields);
  if (parsed.progress == http1::Progress::Refused) return Step::Broken;
  if (parsed.progress == http1::Progress::NeedMore) {
    if (before == 0) head_.assign(text.data(), text.size());
    text = {};
    return Step::NeedMore;
  }
  text = text.subspan(parsed.consumed - before);
  if (before > 0) head_.resize(parsed.consumed);
  head_text_ = {bytes.data(), parsed.consumed};
  if (kind_ == Kind::Request) {
    begin_body(storage.request.body);
    if (storage.request.upgrade != http::Upgrade::None) phase_ = Phase::Tunnel;
  } else if (storage.response.status == 101) {
    phase_ = Phase::Tunnel;
  } else if (!storage.response.is_interim()) {
    begin_body(storage.response.body);
  }
  return Step::Head;
}

void MessageReader::begin_body(const http::BodyFraming& body) noexcept {
  left_ = body.length;
  if (body.empty())
    phase_ = Phase::Ending;
  else if (body.kind == http::BodyKind::Length)
    phase_ = Phase::Length;
  else if (body.kind == http::BodyKind::Chunked)
    phase_ = Phase::Chunked;
  else
    phase_ = Phase::Tunnel;  // until the writer closes
}

}  // namespace pintle::http2
