// What is read in one look is what careful reading gives, whichever kind of CPU reads; what is not plain is left alone;
// nothing at or after the end is read.
#include "dataplane/http1/plain_lines.hpp"

#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/http/target.hpp>

#include "dataplane/http1/byte_marks.hpp"
#include "test/unit/dataplane/http1/plain_readers.hpp"

namespace pintle::http1 {
namespace {

constexpr HeadLimits limits;

/// A copy in a block of its own of exactly its size, so that a sanitizer finds a read past the end.
class Exact {
 public:
  explicit Exact(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    text.copy(bytes_.get(), size_);
  }
  [[nodiscard]] LineBytes bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
  std::string text(random() % (longest + 1), ' ');
  for (char& c : text) c = alphabet[random() % alphabet.size()];
  return text;
}

// ---- request line ---------------------------------------------------------------------------------------------------

/// What was taken stands up to the careful functions.
void expect_sound(std::string_view text, std::size_t end, const RequestLine& line) {
  const std::string_view target = text.substr(line.method_length + 1, line.target_length);
  EXPECT_EQ(http::method_name(line.method), text.substr(0, line.method_length));
  EXPECT_EQ(text.substr(0, end),
            std::string(http::method_name(line.method)) + ' ' + std::string(target) + " HTTP/1.1\r\n");
  http::Target parsed;
  ASSERT_FALSE(http::parse_target(target, line.method, parsed)) << text;
  EXPECT_EQ(parsed.form, http::TargetForm::Origin);
  EXPECT_EQ(parsed.path, target.substr(0, line.plain_path_length)) << text;
  std::string path(parsed.path);
  const http::NormalisedPath normal = http::normalise_path(path, {});
  EXPECT_FALSE(normal.refusal || normal.changed) << text;
}

/// Length that was taken; 0: left to the careful way.
std::size_t take_request_line(std::string_view text) {
  const Exact exact(text);
  std::size_t taken = SIZE_MAX;
  for (const PlainReader* reader : readers()) {
    LineCursor cursor;
    RequestLine line;
    const bool plain = reader->request_line(exact.bytes(), limits.start_line, cursor, line);
    EXPECT_EQ(plain, cursor.line != 0) << text;
    EXPECT_TRUE(taken == SIZE_MAX || taken == cursor.line) << text;
    taken = cursor.line;
    if (plain) expect_sound(text, cursor.line, line);
  }
  return taken;
}

const std::string rest = "Host: example\r\nAccept: */*\r\n\r\n";

TEST(PlainRequestLine, TakesTheUsual) {
  for (const std::string line : {"GET / HTTP/1.1\r\n", "GET /a HTTP/1.1\r\n", "POST /a/b?c=d&e=/..//f HTTP/1.1\r\n",
                                 "OPTIONS /a.b/c;d HTTP/1.1\r\n", "DELETE /a? HTTP/1.1\r\n", "PATCH /a?? HTTP/1.1\r\n",
                                 "TRACE /~a!$&'()*+,;=:@ HTTP/1.1\r\n"})
    EXPECT_EQ(take_request_line(line + rest), line.size()) << line;
  // Each length: where blocks meet is no place of its own.
  for (std::size_t length = 0; length < 200; ++length) {
    const std::string path(length, 'p');
    for (const std::string& line : {"GET /" + path + " HTTP/1.1\r\n", "PUT /?" + path + " HTTP/1.1\r\n",
                                    "GET /" + path + "?q=1 HTTP/1.1\r\n", "HEAD /a" + path + "/x.y HTTP/1.1\r\n"})
      EXPECT_EQ(take_request_line(line + rest), line.size()) << line;
  }
}

TEST(PlainRequestLine, LeavesTheRestToTheCarefulWay) {
  for (const std::string line : {"get / HTTP/1.1\r\n",         "POKE / HTTP/1.1\r\n",
                                 "CONNECT a:1 HTTP/1.1\r\n",   "CONNECT /a HTTP/1.1\r\n",
                                 "GET http://a/ HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
                                 "GET  / HTTP/1.1\r\n",        "GET /  HTTP/1.1\r\n",
                                 "GET / HTTP/1.0\r\n",         "GET / HTTP/2.0\r\n",
                                 "GET / http/1.1\r\n",         "GET / HTTP/1.1\n",
                                 "GET / HTTP/1.1 \r\n",        "GET /\r\n",
                                 "GET ?a HTTP/1.1\r\n",        "\r\nGET / HTTP/1.1\r\n",
                                 "GET /%61 HTTP/1.1\r\n",      "GET /?%zz HTTP/1.1\r\n",
                                 "GET /a#b HTTP/1.1\r\n",      "GET /?a#b HTTP/1.1\r\n",
                                 "GET /a\\b HTTP/1.1\r\n",     "GET /\xC3\xA4 HTTP/1.1\r\n",
                                 "GET /a\tb HTTP/1.1\r\n",     "GET /a\x7F HTTP/1.1\r\n",
                                 "GET /a\x01 HTTP/1.1\r\n"})
    EXPECT_EQ(take_request_line(line + rest), 0U) << line;
  // Segments that make a path other than it is, at each place of a block.
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string path = "GET /" + std::string(length, 'p');
    for (const std::string tail : {"//", "//a", "/.", "/..", "/./a", "/../a", "/.a", "/..;x/b"})
      EXPECT_EQ(take_request_line(path + tail + " HTTP/1.1\r\n" + rest), 0U) << length << tail;
  }
  EXPECT_EQ(take_request_line("GET /" + std::string(limits.start_line, 'a') + " HTTP/1.1\r\n" + rest), 0U);
  // Cut anywhere.
  const std::string whole = "GET /" + std::string(80, 'a') + "?b=c HTTP/1.1\r\n";
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_EQ(take_request_line(whole.substr(0, length)), 0U) << length;
}

TEST(PlainRequestLine, RandomTargets) {
  std::mt19937 random(3);  // NOLINT: the same cases each time
  int taken = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = "GET /" + random_text(random, "aaaaaaaaaabcdefgh0123456789-_~/.?=&;", 80) +
                             (random() % 8 == 0 ? random_text(random, "/.%#\\ \x7F", 3) : "") + " HTTP/1.1\r\n" + rest;
    taken += take_request_line(text) != 0 ? 1 : 0;
  }
  EXPECT_GT(taken, 5'000);
}

// ---- fields ---------------------------------------------------------------------------------------------------------

/// Fields that were taken, as "name|value"; the first `size` bytes of `text` are there.
std::vector<std::string> take_fields(std::string_view text, std::uint32_t limit = limits.field,
                                     std::size_t room = http::max_request_fields) {
  const Exact exact(text);
  std::vector<std::string> taken;
  const PlainReader* first = readers().front();
  for (const PlainReader* reader : readers()) {
    RequestFields storage;
    LineCursor cursor;
    const bool whole = reader->fields(exact.bytes(), limit, std::span(storage).first(room), cursor, nullptr);
    std::vector<std::string> fields;
    std::size_t line = 0;
    for (std::size_t i = 0; i < cursor.fields; ++i) {
      const http::Field& field = storage[i];
      const std::string_view name = text.substr(field.name_offset, field.name_length);
      EXPECT_EQ(field.name_offset, line) << text;
      EXPECT_EQ(field.id, http::find_header_id(name)) << text;
      EXPECT_TRUE(cursor.seen.may_have(field.id)) << text;
      line = std::size_t{field.value_offset} + field.value_length + 2;
      fields.push_back(std::string(name) + '|' + std::string(text.substr(field.value_offset, field.value_length)));
    }
    EXPECT_EQ(whole, text.size() >= marked_bytes && text.substr(line).starts_with("\r\n")) << text;
    EXPECT_EQ(cursor.line, line + (whole ? 2 : 0)) << text;
    if (reader == first)
      taken = fields;
    else
      EXPECT_EQ(taken, fields) << text;
  }
  return taken;
}

TEST(PlainFields, TakesTheUsual) {
  using Fields = std::vector<std::string>;
  EXPECT_EQ(take_fields("Host: a\r\nX-Longer-Name-2:b c\r\nEmpty:\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
            (Fields{"Host|a", "X-Longer-Name-2|b c", "Empty|"}));
  for (std::size_t length = 1; length < 32; ++length)
    EXPECT_EQ(take_fields(std::string(length, 'n') + ": value\r\n" + rest).size(), 3U) << length;
  for (std::size_t length = 0; length < 200; ++length)
    EXPECT_EQ(take_fields("Name:" + std::string(length, 'v') + "\r\n" + rest),
              (Fields{"Name|" + std::string(length, 'v'), "Host|example", "Accept|*/*"}));
}

TEST(PlainFields, LeavesTheRestToTheCarefulWay) {
  for (const std::string line :
       {": a\r\n", "a : b\r\n", " a: b\r\n", "a\r\n", "a:  b\r\n", "a:\tb\r\n", "a: b \r\n", "a: b\t\r\n", "a: \r\n",
        "a: b\tc\r\n", "a_b: c\r\n", "a.b: c\r\n", "a: b\n", "a: b\rc\r\n", "a: b\x01\r\n", "a: b\x7F\r\n", "\r\n"})
    EXPECT_EQ(take_fields(line + rest).size(), 0U) << line;
  EXPECT_EQ(take_fields(std::string(32, 'n') + ": a\r\n" + rest).size(), 0U);
  EXPECT_EQ(take_fields("a: bcd\r\n" + rest, 6).size(), 1U) << "as long as the limit";
  EXPECT_EQ(take_fields("a: bcde\r\n" + rest, 6).size(), 0U) << "longer";
  EXPECT_EQ(take_fields("a: b\r\n" + rest, limits.field, 2).size(), 2U) << "no room for the third";
}

/// Cut anywhere, exactly the lines that are there whole are taken.
TEST(PlainFields, CutAnywhere) {
  const std::string text = "Host: example\r\nX-Some-Name: " + std::string(70, 'v') + "\r\nCookie: a=b\r\nX:1\r\n\r\n";
  for (std::size_t size = marked_bytes; size <= text.size(); ++size) {
    std::size_t whole = 0;
    for (std::size_t at = text.find("\r\n"); at + 2 <= size && whole < 4; at = text.find("\r\n", at + 2)) ++whole;
    EXPECT_EQ(take_fields(text.substr(0, size)).size(), whole) << size;
  }
}

TEST(PlainFields, RandomLines) {
  std::mt19937 random(5);  // NOLINT: the same cases each time
  std::size_t taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (unsigned lines = random() % 6; lines != 0; --lines) {
      text += random_text(random, "abcXYZ019-", 34);
      text += random() % 4 != 0 ? ": " : random_text(random, ": \t_", 3);
      text += random_text(random, "abcdefghijkl /;=,0123456789", 80);
      text += random() % 8 != 0 ? "\r\n" : random_text(random, "\r\n\t", 3);
    }
    taken += take_fields(text + "\r\n").size();
  }
  EXPECT_GT(taken, 10'000U);
}

/// What the summary says is never less than what a walk over the fields finds, whichever way a line was read.
TEST(FieldSummary, KnowsEachFieldOfAParsedHead) {
  constexpr std::array<std::string_view, 9> lines = {
      "Cookie: a\r\n",   "X-Forwarded-Host:\tb\r\n", "te: trailers\r\n",        "under_score:c\r\n", "Proxy: d \r\n",
      "Accept: */*\r\n", "Dotted.name: e\r\n",       "x-forwarded-else: f\r\n", "cookie:  g\r\n"};
  for (unsigned chosen = 0; chosen < 1U << lines.size(); ++chosen) {
    std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (std::size_t i = 0; i < lines.size(); ++i)
      if ((chosen >> i & 1U) != 0) head += lines[i];
    head += "\r\n";
    RequestHeadParser parser;
    RequestFields storage;
    http::RequestHead request;
    ASSERT_EQ(parser.parse(head, {}, request, storage).progress, Progress::Done) << head;
    const http::FieldSummary& summary = request.headers.summary;
    for (const http::Field& field : request.headers.fields) EXPECT_TRUE(summary.may_have(field.id)) << head;
    EXPECT_EQ(summary.may_have_odd_name(), (chosen & 0b10011000U) != 0) << head;
    EXPECT_EQ(summary.may_have(http::HeaderId::Cookie), (chosen & 0b100000001U) != 0) << head;
    EXPECT_EQ(summary.may_repeat(http::HeaderId::Cookie), (chosen & 0b100000001U) == 0b100000001U) << head;
    EXPECT_FALSE(summary.may_have(http::HeaderId::Upgrade) || summary.may_repeat(http::HeaderId::Host)) << head;
  }
}

}  // namespace
}  // namespace pintle::http1
