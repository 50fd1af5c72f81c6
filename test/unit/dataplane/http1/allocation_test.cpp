// datapath: no heap on the way of a request.
#include <string>

#include <gtest/gtest.h>

#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "test/unit/support/counted_allocations.hpp"

namespace pintle::http1 {
namespace {

using testing::allocations;
using testing::counts_allocations;

constexpr std::string_view request =
    "POST http://b.example/a/%2e%2e/b?x=1 HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, X-Gone\r\nX-Gone: "
    "1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: text/html,application/xhtml+xml\r\n"
    "TE: trailers\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view body = "5;a=b\r\nhello\r\n0\r\n\r\n";
constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";

std::size_t forward_once(std::string& buffer, HeadEdits& edits) {
  buffer.assign(request);
  RequestHeadParser parser;
  http::RequestHead head;
  RequestFields fields;
  const ParseResult result = parser.parse(buffer, {}, head, fields);
  EXPECT_EQ(result.progress, Progress::Done);
  edits.begin(buffer, head.headers);
  edit_request(head, {}, edits);
  edits.set(http::HeaderId::XForwardedFor, "127.0.0.1");
  std::array<iovec, max_head_pieces> pieces;
  std::size_t total = edits.to_iovecs(pieces);

  ChunkedDecoder decoder;
  total += decoder.step(body).consumed;
  total += ChunkHeader(5).view().size();

  ResponseHeadParser response_parser;
  http::ResponseHead answer;
  ResponseFields answer_fields;
  EXPECT_EQ(response_parser.parse(response, {}, answer, answer_fields).progress, Progress::Done);
  edits.begin(response, answer.headers);
  total += static_cast<std::size_t>(edit_response(answer, {}, edits).length);
  return total + edits.to_iovecs(pieces);
}

TEST(Allocation, NoneOnAWarmWorker) {
  if (!counts_allocations) GTEST_SKIP() << "the thread sanitizer keeps its operator new";
  std::string buffer;
  HeadEdits edits;
  EXPECT_GT(forward_once(buffer, edits), 0U);
  const std::size_t before = allocations;
  EXPECT_GT(before, 0U) << "the counter does not count";
  for (int i = 0; i < 10; ++i) EXPECT_GT(forward_once(buffer, edits), 0U);
  EXPECT_EQ(allocations - before, 0U);
}

}  // namespace
}  // namespace pintle::http1
