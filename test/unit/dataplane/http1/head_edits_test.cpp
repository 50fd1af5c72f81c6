#include "dataplane/http1/head_edits.hpp"

#include <random>

#include <gtest/gtest.h>

#include "test/unit/dataplane/http1/parsed.hpp"

namespace pintle::http1::test {
namespace {

constexpr std::string_view request =
    "GET /a HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: c\r\nX-C: 4\r\n\r\n";

route::HeaderEdits edits_of(std::vector<route::HeaderLine> set, std::vector<route::HeaderLine> add,
                            std::vector<std::string> remove) {
  route::HeaderEdits edits{.set = std::move(set), .add = std::move(add), .remove = {}};
  for (route::HeaderLine& line : edits.set) line.id = http::find_header_id(line.name);
  for (route::HeaderLine& line : edits.add) line.id = http::find_header_id(line.name);
  for (std::string& name : remove) edits.remove.push_back({name, http::find_header_id(name)});
  return edits;
}
route::HeaderLine line(std::string name, std::string value) {
  return {std::move(name), std::move(value), http::HeaderId::Other};
}

std::string gathered(HeadEdits& edits, std::size_t& pieces) {
  std::array<iovec, max_head_pieces> out{};
  pieces = edits.to_iovecs(out);
  std::string all;
  for (std::size_t i = 0; i < pieces; ++i) all.append(static_cast<const char*>(out[i].iov_base), out[i].iov_len);
  return all;
}

TEST(HeadEdits, NothingChanged) {
  ParsedRequest r(request);
  EXPECT_EQ(flat(r.edits), request);
  std::size_t pieces = 0;
  EXPECT_EQ(gathered(r.edits, pieces), request);
  EXPECT_LE(pieces, 2U);
}

TEST(HeadEdits, RemovesEachLineOfANameInAnyCase) {
  ParsedRequest r(request);
  r.edits.remove("X-a");
  r.edits.remove(http::HeaderId::Cookie);
  r.edits.remove("absent");
  EXPECT_EQ(flat(r.edits), "GET /a HTTP/1.1\r\nHost: h\r\nX-B: 3\r\nX-C: 4\r\n\r\n");
  EXPECT_FALSE(r.edits.has(http::HeaderId::Cookie));
  EXPECT_TRUE(r.edits.is_removed(1) && r.edits.is_removed(2) && !r.edits.is_removed(3));
}

TEST(HeadEdits, SetReplacesAllAndAppendsOne) {
  ParsedRequest r(request);
  r.edits.set("x-A", "9");
  r.edits.set("X-New", "n");
  r.edits.set("x-new", "m");
  EXPECT_EQ(flat(r.edits), "GET /a HTTP/1.1\r\nHost: h\r\nX-B: 3\r\nCookie: c\r\nX-C: 4\r\nx-A: 9\r\nx-new: m\r\n\r\n");
}

TEST(HeadEdits, AppendedLinesAreRemovedLikeReceivedOnes) {
  ParsedRequest r(request);
  r.edits.append(http::HeaderId::XForwardedFor, "1.2.3.4");
  r.edits.append("X-D", "5");
  EXPECT_TRUE(r.edits.has(http::HeaderId::XForwardedFor));
  r.edits.remove("x-forwarded-for");
  EXPECT_FALSE(r.edits.has(http::HeaderId::XForwardedFor));
  EXPECT_TRUE(flat(r.edits).ends_with("X-C: 4\r\nX-D: 5\r\n\r\n"));
}

TEST(HeadEdits, LastFieldAndAllFields) {
  ParsedRequest r(request);
  for (std::size_t i = 6; i-- > 0;) r.edits.remove_at(i);
  EXPECT_EQ(flat(r.edits), "GET /a HTTP/1.1\r\n\r\n");
  std::size_t pieces = 0;
  EXPECT_EQ(gathered(r.edits, pieces), "GET /a HTTP/1.1\r\n\r\n");
  EXPECT_EQ(pieces, 2U);
}

TEST(HeadEdits, CutOfALineTakesTheReplacementInItAlong) {
  ParsedRequest r(request);
  r.edits.replace(r.head.headers.value(r.head.headers.fields[0]), "other");
  EXPECT_NE(flat(r.edits).find("Host: other\r\n"), std::string::npos);
  r.edits.set(http::HeaderId::Host, "third");
  EXPECT_EQ(flat(r.edits),
            "GET /a HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nX-B: 3\r\nCookie: c\r\nX-C: 4\r\nHost: third\r\n\r\n");
}

TEST(HeadEdits, FilterAppliesSetAddRemoveInThisOrder) {
  ParsedRequest r(request);
  r.edits.apply(edits_of({line("X-A", "set")}, {line("X-B", "added"), line("X-E", "added")}, {"X-C", "X-E"}));
  EXPECT_EQ(flat(r.edits), "GET /a HTTP/1.1\r\nHost: h\r\nX-B: 3\r\nCookie: c\r\nX-A: set\r\nX-B: added\r\n\r\n");
}

// req 17: whatever a filter says, framing and connection fields are the codec's, and there is one Host.
TEST(HeadEdits, FilterCannotBreakFraming) {
  ParsedRequest r("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
  r.edits.apply(edits_of({line("Content-Length", "9"), line("Transfer-Encoding", "chunked")},
                         {line("Connection", "x"), line("hOST", "new"), line("Upgrade", "x")},
                         {"Host", "content-length", "TE"}));
  EXPECT_EQ(flat(r.edits), "POST / HTTP/1.1\r\nContent-Length: 1\r\nhOST: new\r\n\r\n");
}

TEST(HeadEdits, SetCookieLinesStayApart) {
  ParsedResponse r("HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n");
  r.edits.apply(edits_of({}, {line("Set-Cookie", "c=3")}, {}));
  EXPECT_EQ(flat(r.edits),
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\nSet-Cookie: c=3\r\n\r\n");
}

TEST(HeadEdits, WritesAppendedLinesInPlaceWhereThereIsRoom) {
  constexpr std::string_view added = "X-Forwarded-For: 1.2.3.4\r\n";
  ParsedRequest enough(request, added.size());
  enough.edits.append(http::HeaderId::XForwardedFor, "1.2.3.4");
  const auto length = enough.edits.write_in_place(added.size());
  ASSERT_EQ(length, request.size() + added.size());
  EXPECT_EQ(std::string(enough.bytes.data(), *length),
            std::string(request.substr(0, request.size() - 2)) + std::string(added) + "\r\n");
  HeadEdits::restore({enough.bytes.data(), request.size()});
  EXPECT_EQ(std::string_view(enough.bytes.data(), request.size()), request) << "as received, for another try";

  enough.edits.remove(http::HeaderId::XForwardedFor);
  EXPECT_FALSE(enough.edits.write_in_place(added.size())) << "a line that was dropped again";
  EXPECT_EQ(flat(enough.edits), request);

  ParsedRequest tight(request, added.size());
  tight.edits.append(http::HeaderId::XForwardedFor, "1.2.3.4");
  EXPECT_FALSE(tight.edits.write_in_place(added.size() - 1));
  tight.edits.remove("X-B");
  EXPECT_FALSE(tight.edits.write_in_place(1000)) << "a cut cannot be written in place";
}

TEST(HeadEdits, LinesThatNeverChangeAreRemovedLikeOthers) {
  ParsedRequest r(request);
  r.edits.append_line(http::HeaderId::XForwardedProto, "X-Forwarded-Proto: https\r\n");
  EXPECT_TRUE(r.edits.has(http::HeaderId::XForwardedProto));
  EXPECT_EQ(flat(r.edits), std::string(request.substr(0, request.size() - 2)) + "X-Forwarded-Proto: https\r\n\r\n");
  r.edits.remove("x-forwarded-proto");
  EXPECT_FALSE(r.edits.has(http::HeaderId::XForwardedProto));
  EXPECT_EQ(flat(r.edits), request);
}

/// More than the memory that is there at first; each length of a name and a value.
TEST(HeadEdits, LinesOfEachLength) {
  ParsedRequest r(request);
  std::string expected(request.substr(0, request.size() - 2));
  for (std::size_t length = 1; length < 80; ++length) {
    const std::string name = "N" + std::string(length % 40, 'n');
    const std::string value(length - 1, 'v');
    r.edits.append(name, value);
    expected += name + ": " + value + "\r\n";
  }
  EXPECT_EQ(flat(r.edits), expected + "\r\n");
}

TEST(HeadEdits, ManyPiecesBecomeOne) {
  std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 40; ++i) text += (i % 2 == 0 ? "X-Cut: 1\r\n" : "X-Keep: 2\r\n");
  ParsedRequest r(text + "\r\n");
  r.edits.remove("x-cut");
  std::size_t pieces = 0;
  const std::string all = gathered(r.edits, pieces);
  EXPECT_EQ(pieces, 1U);
  EXPECT_EQ(all, flat(r.edits));
  EXPECT_EQ(all.find("X-Cut"), std::string::npos);
}

/// Against a plain model: lines in a vector.
TEST(HeadEdits, RandomEditsAgreeWithAModel) {
  std::mt19937 random(3);  // NOLINT: the same cases each time
  constexpr std::array<std::string_view, 5> names = {"X-A", "X-B", "Cookie", "Accept", "Zz"};
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::pair<std::string, std::string>> model;
    std::string text = "GET /a HTTP/1.1\r\n";
    const auto add_received = [&](std::string name, std::string value) {
      text += name + ": " + value + "\r\n";
      model.emplace_back(std::move(name), std::move(value));
    };
    add_received("Host", "h");
    for (std::size_t i = random() % 30; i > 0; --i) add_received(std::string(names[random() % 5]), std::to_string(i));
    ParsedRequest r(text + "\r\n");
    for (std::size_t i = random() % 8; i > 0; --i) {
      const std::string name(names[random() % 5]);
      const std::string value = std::to_string(random() % 100);
      const unsigned what = random() % 3;
      if (what != 1) {
        std::erase_if(model, [&](const auto& entry) { return entry.first == name; });
        r.edits.remove(name);
      }
      if (what != 0) {
        model.emplace_back(name, value);
        r.edits.append(name, value);
      }
    }
    std::string expected = "GET /a HTTP/1.1\r\n";
    for (const auto& [name, value] : model) expected += name + ": " + value + "\r\n";
    expected += "\r\n";
    ASSERT_EQ(flat(r.edits), expected);
    std::size_t pieces = 0;
    ASSERT_EQ(gathered(r.edits, pieces), expected);
  }
}

}  // namespace
}  // namespace pintle::http1::test
