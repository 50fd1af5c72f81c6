// Every row of test/data/h1_responses.txt: whole, cut at every byte, byte by byte.
#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "dataplane/http1/head_parser.hpp"
#include "test/unit/dataplane/http1/rows.hpp"

namespace pintle::http1::test {
namespace {

const std::vector<Row>& rows() {
  static const std::vector<Row> all = read_rows("h1_responses.txt");
  return all;
}

struct Outcome {
  unsigned status = 0;
  unsigned requirement = 0;
  std::string framing{};
  bool reuse = false;
  std::string rest{};
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

RequestFacts facts_of(const Row& row) {
  const std::string* request = row.find("request");
  if (request == nullptr) return {};
  const std::string_view text = *request;
  return {.method = http::find_method(text.substr(0, text.find(' '))),
          .upgrade = text.ends_with("websocket") ? http::Upgrade::Websocket : http::Upgrade::None};
}

std::string framing_of(const http::BodyFraming& body) {
  switch (body.kind) {
    case http::BodyKind::None:
      return "none";
    case http::BodyKind::Length:
      return "length " + std::to_string(body.length);
    case http::BodyKind::Chunked:
      return "chunked";
    case http::BodyKind::UntilClose:
      break;
  }
  return "close";
}

/// Reads of the given total sizes, each in a buffer of its own and of exactly that size.
Outcome run(const Row& row, const std::vector<std::size_t>& ends) {
  ResponseHeadParser parser;
  http::ResponseHead head;
  ResponseFields fields;
  for (const std::size_t end : ends) {
    const auto copy = std::make_unique<char[]>(end);
    std::copy_n(row.bytes().data(), end, copy.get());
    const ParseResult result = parser.parse({copy.get(), end}, facts_of(row), head, fields);
    if (result.progress == Progress::Refused) {
      EXPECT_EQ(result.refusal.reason, Reason::UpstreamProtocol);
      return {.status = result.refusal.status, .requirement = result.refusal.requirement};
    }
    if (result.progress == Progress::Done) {
      return {.framing = framing_of(head.body), .reuse = head.keep_alive, .rest = row.bytes().substr(result.consumed)};
    }
  }
  return {.status = 1};  // neither taken nor refused
}
Outcome run_whole(const Row& row) { return run(row, {row.bytes().size()}); }

TEST(ResponseRows, Whole) {
  EXPECT_GE(rows().size(), 90U);
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const Outcome got = run_whole(row);
    ASSERT_EQ(got.status, row.status);
    if (row.status != 0) {
      if (row.requirement != 22) EXPECT_EQ(got.requirement, row.requirement);
      continue;
    }
    EXPECT_EQ(got.framing, *row.find("framing"));
    EXPECT_EQ(got.reuse, *row.find("reuse") == "yes");
    if (const auto* rest = row.find("rest")) EXPECT_EQ(got.rest, *rest);
  }
}

TEST(ResponseRows, CutAnywhere) {
  for (const Row& row : rows()) {
    const Outcome whole = run_whole(row);
    for (const std::size_t cut : cuts_of(row.bytes())) {
      const Outcome got = run(row, {cut, row.bytes().size()});
      ASSERT_EQ(got.status, whole.status) << row.name << " cut at " << cut;
      if (whole.status == 0) ASSERT_EQ(got, whole) << row.name << " cut at " << cut;
    }
  }
}

TEST(ResponseRows, ByteByByte) {
  for (const Row& row : rows()) {
    if (row.bytes().size() > 4000) continue;
    std::vector<std::size_t> ends;
    for (std::size_t end = 1; end <= row.bytes().size(); ++end) ends.push_back(end);
    ASSERT_EQ(run(row, ends), run_whole(row)) << row.name;
  }
}

TEST(ResponseHead, KeepsWhatWasDeclared) {
  const std::string bytes = "HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\nConnection: X-A\r\nX-A: 1\r\n\r\n";
  ResponseHeadParser parser;
  http::ResponseHead head;
  ResponseFields fields;
  ASSERT_EQ(parser.parse(bytes, {}, head, fields).progress, Progress::Done);
  EXPECT_EQ(head.content_length, 17U);
  EXPECT_EQ(head.reason_text, "Not Modified");
  EXPECT_TRUE(head.nominated.contains(2) && !head.nominated.contains(0));
  EXPECT_FALSE(head.is_interim());
}

}  // namespace
}  // namespace pintle::http1::test
