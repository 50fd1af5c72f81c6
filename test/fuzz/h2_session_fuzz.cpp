// An HTTP/2 client that sends anything, behind the preface (req 24, 39, 46-48).
// Property: each request that is begun is the text of exactly one HTTP/1 request or is refused by its parser, what its
// stream reads as body is framed as its head announces and is no more than came in DATA frames, answers can be written
// at any time, and what the session has to say is bounded by what it was told.
#include <memory>
#include <set>

#include "dataplane/http1/body_reader.hpp"
#include "dataplane/http2/session.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using http1::Progress;

class Answering final : public http2::Stream {
 public:
  Answering(http2::Session& session, std::int32_t id, std::set<Answering*>& all) : Stream(session, id), all_(all) {
    all_.insert(this);
  }
  ~Answering() { all_.erase(this); }

  [[nodiscard]] bool take_head(http2::FieldBlock& block, http2::StreamEnd end) {
    const std::string_view text = block.write_request(end, "a2V5a2V5a2V5a2V5a2V5a2U=");
    if (!block.malformed().empty()) return false;
    set_framing(block.payload_text());
    refused_ = static_cast<bool>(block.refusal());
    if (refused_) return true;
    require_one_request(std::string(text));
    return true;
  }

  void answer() {
    constexpr std::string_view text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const iovec piece{const_cast<char*>(text.data()), text.size()};
    static_cast<void>(writev({&piece, 1}));
    finish(http2::ErrorCode::Internal);
  }

 private:
  void require_one_request(std::string text) {
    http1::RequestHeadParser parser;
    http::RequestHead head;
    auto fields = std::make_unique<http1::RequestFields>();
    const http1::ParseResult result = parser.parse(text, {}, head, *fields);
    require(result.progress != Progress::NeedMore, "a whole head", text);
    if (result.progress == Progress::Refused) {
      refused_ = true;
      return;
    }
    require(result.consumed == text.size(), "one request alone", text);
    expect({.method = head.method, .upgrade = head.upgrade});
    tunnel_ = head.upgrade != http::Upgrade::None || head.method == http::Method::Connect;
    body_.start(head.body);
  }

  void on_readable() override {
    char bytes[97];
    for (;;) {
      const net::IoResult result = read(bytes);
      if (result.status == net::IoStatus::Eof && !refused_ && !tunnel_)
        require(body_.done(), "a body that ended is complete");
      if (result.status != net::IoStatus::Ok) return;
      if (refused_ || tunnel_) continue;
      const http1::BodyBytes taken = body_.take({bytes, result.bytes});
      require(!taken.refusal || body_.kind() == http::BodyKind::Chunked, "only trailers may be refused");
      if (taken.refusal) refused_ = true;
      if (!refused_) require(taken.consumed == result.bytes, "nothing behind the body");
    }
  }
  void on_room() override {}
  void on_output(Output /*output*/) override {}
  void on_over(http2::ErrorCode /*code*/) override { delete this; }

  std::set<Answering*>& all_;
  http1::BodyReader body_;
  bool refused_ = false;
  bool tunnel_ = false;
};

struct User final : http2::SessionUser {
  void on_request(std::int32_t id, http2::FieldBlock& block, http2::StreamEnd end) override {
    auto stream = std::make_unique<Answering>(*session, id, streams);
    if (stream->take_head(block, end)) stream.release();  // until on_over()
  }
  void on_output() override {}
  http2::Session* session = nullptr;
  std::set<Answering*> streams;
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
  http2::Session session(http2::Role::Server, user, pool);
  user.session = &session;
  const std::string preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
  bool going = session.receive(preface, Monotonic{std::chrono::seconds(1)});
  Dice dice(text);
  std::string out(64 * 1024, '\0');
  std::size_t produced = 0;
  std::size_t at = 0;
  for (const std::size_t cut : cuts_of(text)) {
    if (going) going = session.receive(text.substr(at, cut - at), Monotonic{std::chrono::seconds(2)});
    at = cut;
    if (dice.below(2) == 0 && !user.streams.empty()) (*user.streams.begin())->answer();
    while (const std::size_t length = session.produce(out)) produced += length;
    session.tell_room();
  }
  // Each frame received is answered by a frame or two; each stream by a head, a body and a reset.
  require(produced <= 4096 + 64 * size, "output is bounded by input", text);
  return 0;
}
