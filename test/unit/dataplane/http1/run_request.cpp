#include "test/unit/dataplane/http1/run_request.hpp"

#include <algorithm>
#include <cctype>
#include <memory>

#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"

namespace pintle::http1::test {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

class Run {
 public:
  /// False: no more input wanted.
  bool on_head(std::span<char> bytes) {
    const ParseResult result = parser_.parse(bytes, {}, head_, fields_);
    if (result.progress == Progress::NeedMore) return true;
    if (result.progress == Progress::Refused) {
      refuse(result.refusal);
      return false;
    }
    HeadEdits edits;
    const std::size_t start = parser_.head_start();
    edits.begin({bytes.data() + start, result.consumed - start}, head_.headers);
    edit_request(head_, {}, edits);
    out_.forward.resize(edits.size());
    edits.flatten(out_.forward);
    out_.host = head_.host();
    body_left_ = head_.body.length;
    chunked_ = head_.body.kind == http::BodyKind::Chunked;
    in_body_ = true;
    used_ = result.consumed;
    return false;
  }
  [[nodiscard]] bool in_body() const { return in_body_; }
  [[nodiscard]] std::size_t used() const { return used_; }

  void on_body(std::span<const char> bytes) {
    if (out_.complete || out_.status != 0) {
      if (out_.status == 0) out_.rest.append(bytes.data(), bytes.size());
      return;
    }
    if (!chunked_) {
      const std::size_t length = std::min<std::size_t>(body_left_, bytes.size());
      out_.body.append(bytes.data(), length);
      body_left_ -= length;
      out_.complete = body_left_ == 0;
      if (out_.complete) out_.rest.append(bytes.data() + length, bytes.size() - length);
      return;
    }
    for (;;) {
      const ChunkStep step = decoder_.step(bytes);
      bytes = bytes.subspan(step.consumed);
      out_.body.append(step.data.data(), step.data.size());
      if (step.progress == ChunkProgress::Data) continue;
      if (step.progress == ChunkProgress::Refused) {
        refuse(step.refusal);
        out_.in_body = true;
      }
      if (step.progress == ChunkProgress::Done) on_end(bytes);
      return;
    }
  }
  [[nodiscard]] Outcome take() { return std::move(out_); }

 private:
  void refuse(const http::Refusal& refusal) {
    out_.status = refusal.status;
    out_.requirement = refusal.requirement;
  }
  void on_end(std::span<const char> rest) {
    out_.complete = true;
    out_.rest.append(rest.data(), rest.size());
    const http::HeaderView trailers = decoder_.trailers();
    for (const http::Field& field : trailers.fields) {
      if (!out_.trailer.empty()) out_.trailer += ", ";
      out_.trailer += lower(trailers.name(field)) + ": " + std::string(trailers.value(field));
    }
  }
  RequestHeadParser parser_;
  http::RequestHead head_;
  RequestFields fields_;
  ChunkedDecoder decoder_;
  Outcome out_;
  bool in_body_ = false;
  bool chunked_ = false;
  std::uint64_t body_left_ = 0;
  std::size_t used_ = 0;
};

}  // namespace

Outcome run_request(const std::string& bytes, std::span<const std::size_t> ends) {
  Run run;
  std::size_t before = 0;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end);
    std::copy_n(bytes.data(), end, copy.get());
    if (run.in_body()) {
      run.on_body({copy.get() + before, end - before});
    } else if (!run.on_head({copy.get(), end})) {
      if (!run.in_body()) break;
      run.on_body({copy.get() + run.used(), end - run.used()});
    }
    before = end;
  }
  return run.take();
}

Outcome run_request_bytewise(const std::string& bytes) {
  Run run;
  std::string buffer = bytes;
  for (std::size_t end = 1; end <= buffer.size(); ++end) {
    if (run.in_body()) {
      run.on_body({buffer.data() + end - 1, 1});
    } else if (!run.on_head({buffer.data(), end})) {
      if (!run.in_body()) break;
      run.on_body({buffer.data() + run.used(), end - run.used()});
    }
  }
  return run.take();
}

}  // namespace pintle::http1::test
