// Received bytes stay contiguous, from a pool buffer to a larger one, and no further.
#include "dataplane/net/read_buffer.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace pintle::net {
namespace {

/// Fills all there is room for; the bytes are those of a counter.
void fill(ReadBuffer& buffer, unsigned char& next) {
  const std::span<char> room = buffer.room();
  std::ranges::generate(room, [&next] { return static_cast<char>(next++); });
  buffer.commit(room.size());
}

bool is_counted(const ReadBuffer& buffer, unsigned char first) {
  return std::ranges::all_of(buffer.bytes(), [&first](char c) { return c == static_cast<char>(first++); });
}

TEST(ReadBuffer, GrowsOnceAndThenIsFull) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  EXPECT_TRUE(buffer.empty());
  unsigned char next = 0;
  ASSERT_TRUE(buffer.make_room());
  fill(buffer, next);
  EXPECT_EQ(buffer.bytes().size(), buffer_size);
  ASSERT_TRUE(buffer.make_room());
  EXPECT_EQ(pool.in_use(), 0U) << "the small one went back";
  fill(buffer, next);
  EXPECT_EQ(buffer.bytes().size(), ReadBuffer::large_size);
  EXPECT_TRUE(is_counted(buffer, 0));
  EXPECT_FALSE(buffer.make_room());
  buffer.consume(10);
  ASSERT_TRUE(buffer.make_room());
  EXPECT_EQ(buffer.room().size(), 10U);
  EXPECT_TRUE(is_counted(buffer, 10));
}

TEST(ReadBuffer, RoomIsMadeByMovingWhatIsLeft) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  unsigned char next = 0;
  ASSERT_TRUE(buffer.make_room());
  fill(buffer, next);
  buffer.consume(buffer_size - 3);
  ASSERT_TRUE(buffer.make_room());
  EXPECT_EQ(buffer.bytes().size(), 3U);
  EXPECT_EQ(buffer.room().size(), buffer_size - 3);
  EXPECT_TRUE(is_counted(buffer, static_cast<unsigned char>(buffer_size - 3)));
}

TEST(ReadBuffer, AssignTakesWhatFits) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  for (const std::size_t size : {std::size_t{1}, buffer_size, buffer_size + 1, ReadBuffer::large_size}) {
    const std::string text(size, 'x');
    buffer.assign(text);
    EXPECT_TRUE(std::ranges::equal(buffer.bytes(), text));
    EXPECT_EQ(pool.in_use(), size <= buffer_size ? 1U : 0U);
  }
  buffer.assign({});
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(pool.in_use(), 0U);
}

TEST(ReadBuffer, ResetGivesTheMemoryBack) {
  BufferPool pool;
  ReadBuffer buffer(pool);
  ASSERT_TRUE(buffer.make_room());
  EXPECT_EQ(pool.in_use(), 1U);
  buffer.reset();
  EXPECT_EQ(pool.in_use(), 0U);
  EXPECT_TRUE(buffer.bytes().empty() && buffer.room().empty());
}

}  // namespace
}  // namespace pintle::net
