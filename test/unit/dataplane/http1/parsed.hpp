// A head parsed for a test, in a buffer with room behind it, with edits begun.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"

namespace pintle::http1::test {

[[nodiscard]] inline std::string flat(const HeadEdits& edits) {
  std::string out(edits.size(), '?');
  edits.flatten(out);
  return out;
}

struct ParsedRequest {
  explicit ParsedRequest(std::string_view text, std::size_t room = 0)
      : bytes(text.begin(), text.end()), length(text.size()) {
    bytes.resize(length + room);
    RequestHeadParser parser;
    const ParseResult result = parser.parse({bytes.data(), length}, {}, head, fields);
    EXPECT_EQ(result.progress, Progress::Done) << text << result.refusal.detail;
    EXPECT_EQ(result.consumed, length);
    edits.begin({bytes.data(), length}, head.headers);
  }
  std::vector<char> bytes;
  std::size_t length;
  http::RequestHead head;
  RequestFields fields;
  HeadEdits edits;
};

struct ParsedResponse {
  explicit ParsedResponse(std::string_view text, const RequestFacts& facts = {}) : bytes(text) {
    ResponseHeadParser parser;
    const ParseResult result = parser.parse(bytes, facts, head, fields);
    EXPECT_EQ(result.progress, Progress::Done) << text << result.refusal.detail;
    edits.begin(bytes, head.headers);
  }
  std::string bytes;
  http::ResponseHead head;
  ResponseFields fields;
  HeadEdits edits;
};

}  // namespace pintle::http1::test
