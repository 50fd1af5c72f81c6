// What is taken from the lines of the last head is what reading them gives, whatever the heads before said.
#include "dataplane/http1/recent_lines.hpp"

#include <array>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/http1/plain_lines.hpp"
#include "test/unit/dataplane/http1/plain_readers.hpp"

namespace pintle::http1 {
namespace {

struct Read {
  bool whole = false;
  LineCursor cursor;
  std::vector<http::Field> fields;
};

/// Of a copy of exactly its size, so that a sanitizer finds a read past the end.
Read read(const PlainReader& reader, std::string_view text, std::uint32_t limit, RecentLines* recent) {
  const auto bytes = std::make_unique<char[]>(text.size());
  text.copy(bytes.get(), text.size());
  RequestFields storage;
  Read made;
  made.whole = reader.fields({bytes.get(), text.size()}, limit, storage, made.cursor, recent);
  made.fields.assign(storage.begin(), storage.begin() + made.cursor.fields);
  return made;
}

void expect_same(const Read& with, const Read& without, std::string_view text) {
  EXPECT_EQ(with.whole, without.whole) << text;
  EXPECT_EQ(with.cursor.line, without.cursor.line) << text;
  ASSERT_EQ(with.fields.size(), without.fields.size()) << text;
  for (std::size_t at = 0; at < with.fields.size(); ++at) {
    const http::Field& a = with.fields[at];
    const http::Field& b = without.fields[at];
    EXPECT_EQ(a.name_offset, b.name_offset) << text;
    EXPECT_EQ(a.name_length, b.name_length) << text;
    EXPECT_EQ(a.value_offset, b.value_offset) << text;
    EXPECT_EQ(a.value_length, b.value_length) << text;
    EXPECT_EQ(a.id, b.id) << text;
    EXPECT_EQ(with.cursor.seen.may_have(b.id), without.cursor.seen.may_have(b.id));
    EXPECT_EQ(with.cursor.seen.may_repeat(b.id), without.cursor.seen.may_repeat(b.id));
  }
  EXPECT_EQ(with.cursor.seen.may_have_odd_name(), without.cursor.seen.may_have_odd_name()) << text;
}

constexpr std::uint32_t any_length = 16 * 1024;

TEST(RecentLines, GiveWhatReadingGives) {
  std::mt19937 random(7);
  const std::array<std::string, 12> lines = {
      "Host: shop.example.com\r\n",
      "host:x\r\n",
      "Accept: */*\r\n",
      "Accept: */* \r\n",  // not plain
      "User-Agent: " + std::string(100, 'a') + "\r\n",
      "User-Agent: " + std::string(99, 'a') + "b\r\n",
      "X-Long: " + std::string(RecentLine::longest, 'c') + "\r\n",
      "X-Forwarded-For: 1.2.3.4\r\n",
      "Content-Length: 0\r\n",
      "Content-Length: 1\r\n",
      "Authorization: Bearer secret\r\n",
      "X-Thirty-Two: 12345678901234567\r\n",
  };
  for (const PlainReader* reader : readers()) {
    RecentLines recent;
    for (int round = 0; round < 20'000; ++round) {
      std::string text;
      for (auto left = random() % 20; left > 0; --left) text += lines[random() % lines.size()];
      text += "\r\n";
      if (random() % 4 == 0) text.resize(random() % (text.size() + 1));
      if (random() % 4 == 0 && !text.empty()) text[random() % text.size()] = static_cast<char>(random() % 256);
      const std::uint32_t limit = random() % 8 == 0 ? static_cast<std::uint32_t>(random() % 40) : any_length;
      expect_same(read(*reader, text, limit, &recent), read(*reader, text, limit, nullptr), text);
    }
  }
}

TEST(RecentLines, HoldWhatWasReadButNoCredentials) {
  const std::string text =
      "Host: shop.example.com\r\nAuthorization: Bearer secret\r\nCookie: a=b\r\nSet-Cookie: c=d\r\n"
      "Proxy-Authorization: Basic x\r\nX-Long: " +
      std::string(RecentLine::longest, 'c') + "\r\nAccept: */*\r\nLast-One-Is-Thirty-Two-Bytes: ab\r\n\r\n";
  RecentLines recent;
  ASSERT_TRUE(read(plain_reader, text, any_length, &recent).whole);
  std::vector<std::string> kept;
  for (const RecentLine& line : recent.from(0)) kept.emplace_back(line.bytes.data(), line.length);
  EXPECT_EQ(kept[0], "Host: shop.example.com\r\n");
  for (const std::size_t at : {1U, 2U, 3U, 4U, 5U, 8U}) EXPECT_EQ(kept[at], "") << at;
  EXPECT_EQ(kept[6], "Accept: */*\r\n");
  EXPECT_EQ(kept[7], "Last-One-Is-Thirty-Two-Bytes: ab\r\n");
}

TEST(RecentLines, MoreLinesThanAreKeptAreRead) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "Name-" + std::to_string(i) + ": value\r\n";
  text += "\r\n";
  RecentLines recent;
  for (int round = 0; round < 3; ++round)
    expect_same(read(plain_reader, text, any_length, &recent), read(plain_reader, text, any_length, nullptr), text);
}

}  // namespace
}  // namespace pintle::http1
