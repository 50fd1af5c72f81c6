// Response heads of a hostile backend, read as the answer to GET, to HEAD and to a WebSocket handshake.
// Property: cuts do not matter; a head that is taken is taken by Beast too, with the same status, reason and fields;
// rewritten for a client of either version it is one head again, of the same status, with one framing.
#include <memory>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "test/fuzz/beast_oracle.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using http1::Progress;

struct Parsed {
  explicit Parsed(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
    text.copy(bytes.get(), text.size());
  }
  /// The buffer is exactly as long as what was received: a read past its end is found.
  std::unique_ptr<char[]> bytes;
  std::size_t size;
  http1::ParseResult result;
  http::ResponseHead head;
};

class Reader {
 public:
  explicit Reader(const http1::RequestFacts& facts) : facts_(facts) {}
  Parsed read(std::string_view text, std::span<const std::size_t> ends) {
    http1::ResponseHeadParser parser;
    for (const std::size_t end : ends) {
      Parsed parsed(text.substr(0, end));
      parsed.result = parser.parse({parsed.bytes.get(), parsed.size}, facts_, parsed.head, storage_);
      if (parsed.result.progress != Progress::NeedMore || end == text.size()) return parsed;
    }
    return Parsed("");
  }

 private:
  http1::RequestFacts facts_;
  http1::ResponseFields storage_;
};

void require_equal(const Parsed& a, const Parsed& b) {
  require(a.result.progress == b.result.progress, "cuts do not matter: outcome");
  require(a.result.refusal.detail == b.result.refusal.detail, "cuts do not matter: refusal");
  if (a.result.progress != Progress::Done) return;
  require(a.result.consumed == b.result.consumed && a.head.status == b.head.status, "cuts do not matter: head");
  require(a.head.reason_text == b.head.reason_text, "cuts do not matter: reason");
  require(a.head.body.kind == b.head.body.kind && a.head.body.length == b.head.body.length, "cuts do not matter: body");
  require(a.head.keep_alive == b.head.keep_alive, "cuts do not matter: connection");
  require(a.head.headers.fields.size() == b.head.headers.fields.size(), "cuts do not matter: fields");
}

void compare_with_beast(std::string_view text, const Parsed& ours) {
  constexpr std::size_t reason_blank = std::string_view("HTTP/1.1 200").size();
  if (text[reason_blank] != ' ') return;  // Beast wants the blank before an empty reason
  if (ours.head.headers.find(http::HeaderId::ProxyConnection) != nullptr) return;  // Beast obeys it, we drop it unread
  std::string fault;
  const auto beast = read_response_with_beast(text.substr(0, ours.result.consumed), fault);
  require(beast.has_value(), "Beast takes the head as well", fault);
  require(beast->status == ours.head.status, "one status");
  if (!ours.head.reason_text.empty())  // Beast fills in a text of its own
    require(beast->reason == ours.head.reason_text, "one reason");
  require(beast->fields.size() == ours.head.headers.fields.size(), "one number of fields");
  if (ours.head.body.kind == http::BodyKind::Chunked) require(beast->chunked, "one framing");
  if (ours.head.content_length) require(beast->content_length == ours.head.content_length, "one length");
}

void forward(Parsed& parsed, const http1::RequestFacts& facts, http::Version client) {
  // What is added, Transfer-Encoding and Connection, may be more than a full head holds.
  constexpr std::size_t added_fields = 2;
  constexpr std::size_t added_bytes = 64;
  if (parsed.head.headers.fields.size() + added_fields > http::max_response_fields) return;
  if (parsed.result.consumed + added_bytes > http1::response_limits.head) return;
  http1::HeadEdits edits;
  edits.begin({parsed.bytes.get(), parsed.result.consumed}, parsed.head.headers);
  const http::BodyFraming framing = edit_response(parsed.head, {.client = client, .method = facts.method}, edits);
  std::string text(edits.size(), '?');
  edits.flatten(text);

  Reader reader(facts);
  const std::size_t all[] = {text.size()};
  const Parsed again = reader.read(text, all);
  require(again.result.progress == Progress::Done, "a forwarded head is taken", text);
  require(again.result.consumed == text.size(), "it is one head", text);
  require(again.head.status == parsed.head.status, "of the same status", text);
  require(again.head.reason_text == parsed.head.reason_text, "and reason", text);
  require(again.head.body.kind == framing.kind, "framed as announced", text);
  if (framing.kind == http::BodyKind::Length) require(again.head.body.length == framing.length, "as long", text);
  if (client == http::Version::Http10) require(framing.kind != http::BodyKind::Chunked, "HTTP/1.0 knows no chunks");
}

void run(std::string_view input) {
  if (input.size() > long_input) return;
  const http1::RequestFacts questions[] = {{}, {.method = http::Method::Head}, {.upgrade = http::Upgrade::Websocket}};
  for (const http1::RequestFacts& facts : questions) {
    const std::size_t all[] = {input.size()};
    Reader reader(facts);
    Reader cut_reader(facts);
    Parsed whole = reader.read(input, all);
    std::vector<std::size_t> ends = cuts_of(input);
    Parsed cut = cut_reader.read(input, ends);
    if (whole.result.progress == Progress::Refused && cut.result.progress == Progress::NeedMore) {
      const std::string ended = std::string(input) + "\r\n\r\n";  // a fault in a long line may wait for its end
      ends.push_back(ended.size());
      cut = cut_reader.read(ended, ends);
    }
    require_equal(whole, cut);
    if (whole.result.progress != Progress::Done) continue;
    compare_with_beast(input, whole);
    forward(whole, facts, http::Version::Http11);
    forward(whole, facts, http::Version::Http10);
  }
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
