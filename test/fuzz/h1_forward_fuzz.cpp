// A request through the gateway: parsed, rewritten, parsed again as a backend would (req 17, 25, 29).
// Property: a request that is taken goes upstream as exactly one request with the same method, path, query, host,
// framing and body, wherever the client's bytes were cut; forwarding it once more changes nothing; exactly one Host, at
// most one of Content-Length and Transfer-Encoding, nothing that the client's Connection named; all ways of writing the
// head give the same bytes, also after a filter's edits. Beast sees one request, too.
#include <algorithm>
#include <array>
#include <memory>

#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "test/fuzz/beast_oracle.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/unit/dataplane/http1/run_request.hpp"

namespace pintle::fuzz {
namespace {

using http::HeaderId;
using http1::Progress;

/// A head in a buffer with room behind it.
struct Parsed {
  explicit Parsed(std::string_view text) : bytes(text) {
    bytes.resize(text.size() + room);
    result = parser.parse({bytes.data(), text.size()}, {}, head, *fields);
  }
  [[nodiscard]] bool done() const { return result.progress == Progress::Done; }
  [[nodiscard]] std::string_view text() const {
    return std::string_view(bytes).substr(parser.head_start(), result.consumed - parser.head_start());
  }
  static constexpr std::size_t room = 512;
  std::string bytes;
  http1::RequestHeadParser parser;
  http1::ParseResult result;
  http::RequestHead head;
  std::unique_ptr<http1::RequestFields> fields = std::make_unique<http1::RequestFields>();
};

std::string flat(const http1::HeadEdits& edits) {
  std::string text(edits.size(), '?');
  edits.flatten(text);
  return text;
}

/// A filter that asks for all it may not have, and for some it may.
const route::HeaderEdits& filter() {
  static const route::HeaderEdits edits{
      .set = {{"X-Set", "1", HeaderId::Other}, {"Content-Length", "9", HeaderId::ContentLength}},
      .add = {{"X-Add", "2", HeaderId::Other}, {"Host", "filter.example", HeaderId::Host}},
      .remove = {{"X-Gone", HeaderId::Other}, {"Host", HeaderId::Host}, {"Cookie", HeaderId::Cookie}}};
  return edits;
}

void require_one_writing(Parsed& parsed, http1::HeadEdits& edits) {
  const std::string wanted = flat(edits);
  std::array<iovec, http1::max_head_pieces> pieces;
  const std::size_t count = edits.to_iovecs(pieces);
  std::string gathered;
  for (const iovec& piece : std::span(pieces).first(count))
    gathered.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  require(gathered == wanted, "pieces are the same bytes", gathered);
  // In place comes last: it writes over the end of the head.
  if (const auto length = edits.write_in_place(Parsed::room))
    require(parsed.bytes.substr(parsed.parser.head_start(), *length) == wanted, "in place are the same bytes");
}

void require_same_request(const http::RequestHead& a, const http::RequestHead& b, std::string_view text) {
  require(b.version == http::Version::Http11, "goes on as HTTP/1.1", text);
  require(a.method_text == b.method_text, "one method", text);
  require(a.path == b.path && a.query == b.query && a.has_query == b.has_query, "one target", text);
  require(b.form == http::TargetForm::Origin || b.form == http::TargetForm::Asterisk, "in origin-form", text);
  require(a.host() == b.host() && a.authority.port == b.authority.port, "one authority", text);
  require(a.body.kind == b.body.kind && a.body.length == b.body.length, "one framing", text);
  require(a.te_trailers == b.te_trailers || b.upgrade != http::Upgrade::None, "trailers asked for alike", text);
  require(a.upgrade == b.upgrade, "one upgrade", text);
  require(a.expect_continue == b.expect_continue, "one expectation", text);
}

std::size_t count(const http::HeaderView& headers, HeaderId id) {
  return static_cast<std::size_t>(std::ranges::count(headers.fields, id, &http::Field::id));
}

void require_clean_fields(const Parsed& received, const http::HeaderView& sent, std::string_view text) {
  require(count(sent, HeaderId::Host) == 1, "exactly one Host", text);
  require(count(sent, HeaderId::ContentLength) + count(sent, HeaderId::TransferEncoding) <= 1, "one framing", text);
  for (const HeaderId id : {HeaderId::KeepAlive, HeaderId::ProxyConnection})
    require(count(sent, id) == 0, "no field of the client's connection", text);
  const http::RequestHead& head = received.head;
  for (std::size_t i = 0; i < head.headers.fields.size(); ++i) {
    const http::Field& field = head.headers.fields[i];
    if (!head.nominated.contains(i) || field.id == HeaderId::Te || field.id == HeaderId::Upgrade) continue;
    require(sent.find(head.headers.name(field)) == nullptr, "nothing that Connection named", text);
  }
}

/// The body as it goes upstream.
std::string frame(const http::RequestHead& head, const std::string& body) {
  if (head.body.kind != http::BodyKind::Chunked) return body;
  std::string text;
  if (!body.empty()) {
    text += http1::ChunkHeader(body.size()).view();
    text += body;
    text += http1::chunk_end;
  }
  return text + std::string(http1::last_chunk);
}

void require_one_message(const Parsed& received, const http1::test::Outcome& outcome) {
  if (!outcome.complete) return;
  const std::string message = outcome.forward + frame(received.head, outcome.body);
  const http1::test::Outcome again = http1::test::run_request(message, cuts_of(message));
  require(again.complete && again.rest.empty(), "exactly one message upstream", message);
  require(again.body == outcome.body, "one body", message);
  require(again.forward == outcome.forward, "forwarding twice changes nothing", again.forward);
}

/// What the proxy does most: lines are added and nothing else changes, so that the head can be written where it stands.
void append_only(std::string_view input) {
  Parsed received(input);
  http1::HeadEdits edits;
  edits.begin(received.text(), received.head.headers);
  edits.append("X-Forwarded-For", "192.0.2.1");
  edits.append("X-Request-Id", "1");
  require(edits.has(HeaderId::XForwardedFor), "an added line is there");
  require_one_writing(received, edits);
}

/// URLRewrite: other host and path, everything else the same.
void rewrite(const Parsed& received) {
  http1::HeadEdits edits;
  edits.begin(received.text(), received.head.headers);
  constexpr auto keep = http1::UnderscoreNames::Keep;
  edit_request(received.head, {.host = "b.example:81", .path = "/rewritten", .underscores = keep}, edits);
  const std::string text = flat(edits);
  const Parsed sent(text);
  if (sent.result.refusal.status == 431) return;
  require(sent.done() && sent.text() == text, "exactly one head after a rewrite", text);
  require(sent.head.path == "/rewritten" && sent.head.query == received.head.query, "the path alone changed", text);
  require(sent.head.host() == "b.example" && sent.head.authority.port == 81, "the host is the new one", text);
  require(count(sent.head.headers, HeaderId::Host) == 1, "exactly one Host after a rewrite", text);
}

void run(std::string_view input) {
  if (input.size() > long_input) return;
  Parsed received(input);
  if (!received.done() || received.head.form == http::TargetForm::Authority) return;  // CONNECT is not forwarded
  http1::HeadEdits edits;
  edits.begin(received.text(), received.head.headers);
  edit_request(received.head, {}, edits);
  const std::string text = flat(edits);

  std::string fault;
  const auto beast = read_request_with_beast(text, fault);
  require(beast.has_value() && beast->length == text.size(), "Beast sees one request", fault + "\n" + text);
  // HTTP/1.0 without Host goes on with an empty one (RFC 9112 section 3.2), which our own side of a gateway refuses.
  const bool nameless = received.head.authority.empty();
  const Parsed sent(text);
  const bool full = sent.result.refusal.status == 431;  // a field or two were added to a head at its limit
  if (!nameless && !full) {
    require(sent.done() && sent.text() == text, "exactly one head upstream", text);
    require_same_request(received.head, sent.head, text);
    require_clean_fields(received, sent.head.headers, text);
    const std::string bytes(input);
    const http1::test::Outcome outcome = http1::test::run_request(bytes, cuts_of(bytes));
    require(outcome.forward == text, "cuts do not matter", outcome.forward);
    require_one_message(received, outcome);
  }

  rewrite(received);
  append_only(input);
  edits.append("X-Forwarded-For", "192.0.2.1");
  edits.apply(filter());
  const std::string filtered = flat(edits);
  const Parsed after(filtered);
  if (after.result.refusal.status != 431) {
    require(after.done() && after.text() == filtered, "exactly one head after a filter", filtered);
    require(after.head.host() == "filter.example", "a filter may set Host", filtered);
    require(after.head.body.kind == received.head.body.kind && after.head.body.length == received.head.body.length,
            "a filter has no say in the framing", filtered);
    require(count(after.head.headers, HeaderId::Host) == 1, "exactly one Host after a filter", filtered);
  }
  require_one_writing(received, edits);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
