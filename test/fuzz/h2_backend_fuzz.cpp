// An HTTP/2 backend that sends anything to requests of ours: GET, HEAD, an upload in pieces, a WebSocket (req 18, 24,
// 48). Property: what each stream reads is interim heads and one final head, each of which an HTTP/1 client takes or
// refuses as a whole, and a body framed as that head announces; a stream that ends has come to the end of its body;
// what the session has to say is bounded by what it was told.
#include <array>
#include <memory>

#include "dataplane/http1/body_reader.hpp"
#include "dataplane/http2/session.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using http1::Progress;

struct Asked {
  std::string_view text;
  http1::RequestFacts facts;
};

constexpr std::array<Asked, 4> requests{
    Asked{.text = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n", .facts = {.method = http::Method::Get}},
    Asked{.text = "HEAD /a HTTP/1.1\r\nHost: a.test\r\n\r\n", .facts = {.method = http::Method::Head}},
    Asked{.text = "POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
          .facts = {.method = http::Method::Post}},
    Asked{.text = "GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: a2V5a2V5a2V5a2V5a2V5aw==\r\n\r\n",
          .facts = {.method = http::Method::Get, .upgrade = http::Upgrade::Websocket}},
};

class Asking final : public http2::Stream {
 public:
  Asking(http2::Session& session, const Asked& asked) : Stream(session, 0), asked_(asked) {}

  [[nodiscard]] bool ask() { return write(asked_.text); }
  [[nodiscard]] bool end_upload() { return write("0\r\n\r\n"); }
  [[nodiscard]] bool is_gone() const noexcept { return gone_; }

  /// As far as it goes: an answer that was refused is nobody's any more.
  void read_all() {
    std::array<char, 211> bytes;
    for (;;) {
      const net::IoResult result = read(bytes);
      if (result.status == net::IoStatus::Eof) return require_end();
      if (result.status != net::IoStatus::Ok) return;
      take({bytes.data(), result.bytes});
    }
  }

 private:
  enum class At : std::uint8_t { Head, Body, Tunnel, Refused };

  [[nodiscard]] bool write(std::string_view text) {
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    return writev({&piece, 1}).status == net::IoStatus::Ok;
  }

  void take(std::span<char> bytes) {
    if (at_ == At::Head) {
      head_.append(bytes.data(), bytes.size());
      while (at_ == At::Head && read_head()) {
      }
    } else if (at_ == At::Body) {
      read_body(bytes);
    }
  }

  /// Whether there may be another one behind it.
  [[nodiscard]] bool read_head() {
    http1::ResponseHeadParser parser;
    http::ResponseHead head;
    const http1::ParseResult result = parser.parse(head_, asked_.facts, head, fields_);
    if (result.progress == Progress::NeedMore) return false;
    if (result.progress == Progress::Refused) {
      at_ = At::Refused;
      return false;
    }
    std::string rest = head_.substr(result.consumed);
    if (head.status == 101) {
      require(asked_.facts.upgrade == http::Upgrade::Websocket, "nobody is switched who did not ask", head_);
      at_ = At::Tunnel;
    } else if (!head.is_interim()) {
      at_ = At::Body;
      body_.start(head.body);
      read_body(rest);
    }
    head_ = std::move(rest);
    return !head_.empty();
  }

  void read_body(std::span<char> bytes) {
    const http1::BodyBytes taken = body_.take(bytes);
    require(!taken.refusal || body_.kind() == http::BodyKind::Chunked, "only trailers may be refused");
    if (taken.refusal)
      at_ = At::Refused;
    else
      require(taken.consumed == bytes.size(), "nothing behind the body");
  }

  void require_end() {
    body_.on_eof();
    if (at_ == At::Body) require(body_.done(), "a body that ended is complete");
    if (at_ == At::Head) require(head_.empty(), "no half of a head", head_);
  }

  void on_readable() override { read_all(); }
  void on_room() override {}
  void on_output(Output /*output*/) override {}
  void on_over(http2::ErrorCode /*code*/) override {
    read_all();
    gone_ = true;
  }

  const Asked& asked_;
  http1::ResponseFields fields_;
  http1::BodyReader body_;
  std::string head_;
  At at_ = At::Head;
  bool gone_ = false;
};

struct User final : http2::SessionUser {
  void on_request(std::int32_t /*id*/, http2::FieldBlock& /*block*/, http2::StreamEnd /*end*/) override {
    violated("a backend asks for nothing", {});
  }
  void on_output() override {}
};

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  using namespace pintle::fuzz;
  if (size > long_input) return 0;
  const std::string_view text = as_text(data, size);
  net::BufferPool pool;
  User user;
  http2::Session session(http2::Role::Client, user, pool);
  std::vector<std::unique_ptr<Asking>> streams;
  const auto ask = [&](const Asked& asked) {
    streams.push_back(std::make_unique<Asking>(session, asked));
    static_cast<void>(streams.back()->ask());
  };
  for (const Asked& asked : requests) ask(asked);
  Dice dice(text);
  std::string out(64 * 1024, '\0');
  std::size_t produced = 0;
  const auto send = [&] {
    while (const std::size_t length = session.produce(out)) produced += length;
    session.tell_room();
  };
  send();
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  bool going = session.receive(settings, Monotonic{std::chrono::seconds(1)});
  send();
  std::size_t at = 0;
  for (const std::size_t cut : cuts_of(text)) {
    if (going) going = session.receive(text.substr(at, cut - at), Monotonic{std::chrono::seconds(2)});
    at = cut;
    Asking& one = *streams[dice.below(streams.size())];
    switch (dice.below(5)) {
      case 0:
        if (going && session.takes_streams()) ask(requests[dice.below(requests.size())]);
        break;
      case 1:
        if (!one.is_gone()) static_cast<void>(one.end_upload());
        break;
      case 2:
        if (!one.is_gone()) one.finish(http2::ErrorCode::Cancel);
        break;
      default:
        break;
    }
    send();
  }
  // Each frame received is answered by a frame or two; each request is less than a kilobyte.
  require(produced <= 1024 * (2 + streams.size()) + 64 * size, "output is bounded by input", text);
  session.end_streams();
  return 0;
}
