#include "dataplane/net/buffer.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/net/worker_context.hpp"

namespace pintle::net {
namespace {

std::string all_of(const OwnedChunks& chunks) {
  std::vector<iovec> pieces(64);
  pieces.resize(chunks.peek(pieces));
  std::string text;
  for (const iovec& piece : pieces) text.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return text;
}

std::string pattern(std::size_t length, std::size_t from = 0) {
  std::string text(length, '\0');
  for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>('a' + (from + i) % 23);
  return text;
}

TEST(BufferPool, LastGivenBackIsTakenFirst) {
  BufferPool pool;
  Buffer one = pool.take();
  Buffer two = pool.take();
  char* const first = one.data();
  EXPECT_EQ(pool.in_use(), 2u);
  one.reset();
  EXPECT_FALSE(one);
  EXPECT_EQ(pool.free_count(), 1u);
  EXPECT_EQ(pool.take().data(), first);
  EXPECT_NE(two.data(), first);
}

TEST(BufferPool, KeepsNoMoreThanItMay) {
  BufferPool pool(2);
  {
    Buffer buffers[5] = {pool.take(), pool.take(), pool.take(), pool.take(), pool.take()};
    EXPECT_EQ(pool.in_use(), 5u);
    for (Buffer& buffer : buffers) std::ranges::fill(buffer.span(), 'x');
  }
  EXPECT_EQ(pool.in_use(), 0u);
  EXPECT_EQ(pool.free_count(), 2u);
  pool.trim();
  EXPECT_EQ(pool.free_count(), 0u);
}

TEST(BufferPool, MovingABufferMovesItsOwnership) {
  BufferPool pool;
  Buffer one = pool.take();
  Buffer two = std::move(one);
  Buffer three = pool.take();
  three = std::move(two);
  EXPECT_EQ(pool.in_use(), 1u);
  EXPECT_EQ(three.span().size(), buffer_size);
  EXPECT_TRUE(Buffer().span().empty());
}

TEST(Scratch, IsLentOnceAtATime) {
  Scratch scratch;
  {
    const auto loan = scratch.borrow();
    EXPECT_EQ(loan.span().size(), scratch_size);
    EXPECT_DEATH(static_cast<void>(scratch.borrow()), "");
  }
  const auto again = scratch.borrow();
  EXPECT_EQ(again.span().size(), scratch_size);
}

TEST(OwnedChunks, KeepsBytesInOrderOverChunkEdges) {
  BufferPool pool;
  OwnedChunks chunks(pool);
  std::string expected;
  for (const std::size_t length : {1u, 16'367u, 1u, 16'368u, 50'000u, 7u}) {
    chunks.append(std::string_view(pattern(length, expected.size())));
    expected = pattern(expected.size() + length);
    ASSERT_EQ(chunks.size(), expected.size());
    ASSERT_EQ(all_of(chunks), expected);
  }
  chunks.append(std::string_view());
  EXPECT_EQ(chunks.size(), expected.size());
}

TEST(OwnedChunks, ConsumesAnyAmountAndGivesBuffersBack) {
  for (const std::size_t step : {1u, 1'000u, 16'368u, 20'000u, 40'000u}) {
    BufferPool pool;
    OwnedChunks chunks(pool);
    const std::string text = pattern(60'000);
    chunks.append(std::string_view(text));
    std::size_t done = 0;
    while (!chunks.empty()) {
      iovec piece{};
      ASSERT_EQ(chunks.peek({&piece, 1}), 1u);
      ASSERT_EQ(*static_cast<const char*>(piece.iov_base), text[done]) << step;
      const std::size_t now = std::min(step, chunks.size());
      chunks.consume(now);
      done += now;
    }
    EXPECT_EQ(done, text.size());
    EXPECT_EQ(pool.in_use(), 0u) << step;
  }
}

TEST(OwnedChunks, FillsUpAgainAfterItWasEmptied) {
  BufferPool pool;
  OwnedChunks chunks(pool);
  chunks.append(std::string_view("one"));
  chunks.consume(3);
  EXPECT_TRUE(chunks.empty());
  chunks.append(std::string_view("two"));
  EXPECT_EQ(all_of(chunks), "two");
  chunks.clear();
  EXPECT_EQ(pool.in_use(), 0u);
}

// A slow reader pins little: the whole scratch while all is taken, then no more than 64 KB until it is drained.
TEST(OwnedChunks, ReadAllowance) {
  BufferPool pool;
  OwnedChunks chunks(pool);
  EXPECT_EQ(chunks.read_allowance(), scratch_size);
  chunks.append(std::string_view(pattern(1'000)));
  EXPECT_EQ(chunks.read_allowance(), slow_reader_limit - 1'000);
  chunks.append(std::string_view(pattern(slow_reader_limit - 1'000)));
  EXPECT_EQ(chunks.read_allowance(), 0u);
  chunks.append(std::string_view(pattern(5'000)));
  EXPECT_EQ(chunks.read_allowance(), 0u);
  chunks.consume(chunks.size() - 1);
  EXPECT_EQ(chunks.read_allowance(), slow_reader_limit - 1);
  chunks.consume(1);
  EXPECT_EQ(chunks.read_allowance(), scratch_size);
}

TEST(Random, StaysInItsBoundsAndIsFair) {
  Random random(1);
  int counts[7] = {};
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0u);
}

}  // namespace
}  // namespace pintle::net
