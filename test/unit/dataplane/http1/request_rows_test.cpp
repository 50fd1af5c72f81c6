// Every row of test/data/h1_requests.txt: whole, cut at every byte, byte by byte.
#include <array>

#include <gtest/gtest.h>

#include "test/unit/dataplane/http1/rows.hpp"
#include "test/unit/dataplane/http1/run_request.hpp"

namespace pintle::http1::test {
namespace {

const std::vector<Row>& rows() {
  static const std::vector<Row> all = read_rows("h1_requests.txt");
  return all;
}

Outcome run_whole(const Row& row) {
  const std::array<std::size_t, 1> ends{row.bytes().size()};
  return run_request(row.bytes(), ends);
}

void expect_accepted(const Row& row, const Outcome& got) {
  EXPECT_EQ(got.status, 0U) << "refused by req " << got.requirement;
  if (got.status != 0) return;
  EXPECT_TRUE(got.complete);
  EXPECT_EQ(got.forward, row.values.at("forward"));
  if (const auto* body = row.find("body")) EXPECT_EQ(got.body, *body);
  if (const auto* trailer = row.find("trailer")) EXPECT_EQ(got.trailer, *trailer);
  if (const auto* host = row.find("host")) EXPECT_EQ(got.host, *host);
  const auto* rest = row.find("rest");
  EXPECT_EQ(got.rest, rest == nullptr ? "" : *rest);
}

TEST(RequestRows, HasTheRows) { EXPECT_GE(rows().size(), 500U); }

TEST(RequestRows, Whole) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    const Outcome got = run_whole(row);
    if (row.status == 0) {
      expect_accepted(row, got);
      continue;
    }
    EXPECT_EQ(got.status, row.status);
    EXPECT_EQ(got.requirement, row.requirement);
    EXPECT_EQ(got.in_body, row.in_body);
    EXPECT_EQ(got.forward.empty(), !row.in_body);
  }
}

TEST(RequestRows, CutAnywhere) {
  for (const Row& row : rows()) {
    const Outcome whole = run_whole(row);
    for (const std::size_t cut : cuts_of(row.bytes())) {
      const std::array<std::size_t, 2> ends{cut, row.bytes().size()};
      ASSERT_EQ(run_request(row.bytes(), ends), whole) << row.name << " cut at " << cut;
    }
  }
}

TEST(RequestRows, ByteByByte) {
  for (const Row& row : rows()) ASSERT_EQ(run_request_bytewise(row.bytes()), run_whole(row)) << row.name;
}

/// What is forwarded is a request again, and a fixed point: forwarding it once more changes nothing.
TEST(RequestRows, ForwardedHeadIsUnderstoodTheSame) {
  for (const Row& row : rows()) {
    if (row.status != 0 || row.name == "http10-no-host") continue;
    SCOPED_TRACE(row.name);
    const Outcome first = run_whole(row);
    const std::array<std::size_t, 1> ends{first.forward.size()};
    const Outcome second = run_request(first.forward, ends);
    EXPECT_EQ(second.status, 0U);
    EXPECT_EQ(second.forward, first.forward);
    EXPECT_EQ(second.host, first.host);
  }
}

}  // namespace
}  // namespace pintle::http1::test
