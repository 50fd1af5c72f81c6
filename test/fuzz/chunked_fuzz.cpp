// Chunked bodies (req 8-10). The input is what follows the head.
// Property: payload, trailers, end and refusal do not depend on cuts, nor on whether the body is read through
// BodyReader, which moves payload together in place; what is complete is complete for Beast, with the same payload and
// end; payload written again by ChunkHeader decodes to itself. Read as a body of another framing, no byte is lost.
#include <algorithm>
#include <cctype>
#include <memory>

#include "dataplane/http1/body_reader.hpp"
#include "dataplane/http1/chunked.hpp"
#include "test/fuzz/beast_oracle.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using http1::ChunkProgress;

struct Outcome {
  bool done = false;
  unsigned status = 0;
  std::size_t consumed = 0;  ///< of a complete body
  std::string data;
  std::string trailers;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::string show(const http::HeaderView& fields) {
  std::string text;
  for (const http::Field& field : fields.fields)
    text += std::string(fields.name(field)) + ": " + std::string(fields.value(field)) + "\n";
  return text;
}

Outcome decode(std::string_view input, std::span<const std::size_t> ends) {
  http1::ChunkedDecoder decoder;
  Outcome out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const auto piece = std::make_unique<char[]>(end - begin);
    input.substr(begin, end - begin).copy(piece.get(), end - begin);
    std::span<const char> rest(piece.get(), end - begin);
    for (;;) {
      const http1::ChunkStep step = decoder.step(rest);
      require(step.consumed <= rest.size(), "no more is used than there is");
      rest = rest.subspan(step.consumed);
      out.consumed += step.consumed;
      out.data.append(step.data.data(), step.data.size());
      if (step.progress == ChunkProgress::Data) continue;
      out.done = step.progress == ChunkProgress::Done;
      out.status = step.refusal.status;
      if (step.progress == ChunkProgress::NeedMore) require(rest.empty(), "more is asked for when all is used");
      break;
    }
    begin = end;
    if (out.done || out.status != 0) break;
  }
  require(decoder.data_bytes() == out.data.size() || out.status != 0, "payload is counted");
  if (out.done) out.trailers = show(decoder.trailers());
  if (!out.done) out.consumed = 0;
  return out;
}

Outcome read_body(std::string_view input, std::span<const std::size_t> ends) {
  http1::BodyReader reader;
  reader.start({.kind = http::BodyKind::Chunked});
  Outcome out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    std::string piece(input.substr(begin, end - begin));
    const http1::BodyBytes taken = reader.take(piece);
    out.data.append(taken.payload.data(), taken.payload.size());
    out.consumed += taken.consumed;
    out.status = taken.refusal.status;
    out.done = reader.done() && out.status == 0;
    begin = end;
    if (out.done || out.status != 0) break;
  }
  if (out.done) out.trailers = show(reader.trailers());
  if (!out.done) out.consumed = 0;
  return out;
}

void write_again(const Outcome& wanted) {
  std::string text;
  Dice dice(wanted.data);
  for (std::size_t at = 0; at < wanted.data.size();) {
    const std::size_t length = 1 + dice.below(wanted.data.size() - at);
    text += http1::ChunkHeader(length).view();
    text += wanted.data.substr(at, length);
    text += http1::chunk_end;
    at += length;
  }
  text += http1::last_chunk;
  const Outcome again = decode(text, cuts_of(text));
  require(again.done && again.data == wanted.data && again.consumed == text.size(), "what is written is read", text);
}

/// The same bytes as a body of known length and as one that ends by close.
void read_unchunked(std::string_view input, std::span<const std::size_t> ends) {
  const std::size_t length = Dice(input).below(input.size() + 1);
  http1::BodyReader sized;
  http1::BodyReader open;
  sized.start({.kind = http::BodyKind::Length, .length = length});
  open.start({.kind = http::BodyKind::UntilClose});
  std::string payload;
  std::string everything;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    std::string piece(input.substr(begin, end - begin));
    const http1::BodyBytes part = sized.take(piece);
    payload.append(part.payload.data(), part.payload.size());
    const http1::BodyBytes all = open.take(piece);
    everything.append(all.payload.data(), all.payload.size());
    begin = end;
  }
  require(sized.done() && payload == input.substr(0, length), "a sized body is its first bytes");
  require(!open.done() && everything == input, "a body until close is all bytes");
  open.on_eof();
  require(open.done(), "and ends with them");
}

/// Beast takes trailers for headers and judges what only headers can say.
bool is_foreign_to_beast(std::string_view input) {
  std::string lower(input);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const char* name : {"connection", "upgrade", "content-length", "transfer-encoding"})
    if (lower.find(name) != std::string::npos) return true;
  return false;
}

void run(std::string_view input) {
  if (input.size() > 2 * long_input) return;
  const std::size_t all[] = {input.size()};
  const std::vector<std::size_t> cuts = cuts_of(input);
  read_unchunked(input, cuts);
  const Outcome whole = decode(input, all);
  require(decode(input, cuts) == whole, "cuts do not matter");
  if (input.size() <= short_input) {
    std::vector<std::size_t> bytewise;
    for (std::size_t end = 1; end <= input.size(); ++end) bytewise.push_back(end);
    require(decode(input, bytewise) == whole, "reads of one byte do not matter");
  }
  Outcome through_reader = read_body(input, cuts);
  if (whole.status != 0) through_reader.data = whole.data;  // a refused body's last payload is of no use
  require(through_reader == whole, "BodyReader reads the same");
  if (!whole.done) return;
  write_again(whole);
  if (is_foreign_to_beast(input)) return;
  std::string fault;
  const auto beast = read_chunked_with_beast(input, fault);
  require(beast.has_value(), "Beast takes the body as well", fault);
  require(beast->data == whole.data, "one payload");
  require(beast->length == whole.consumed, "one end");
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
