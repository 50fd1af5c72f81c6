#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/base/shared_list.hpp>

namespace pintle {
namespace {

using testing::ElementsAre;
using List = SharedList<std::string>;

TEST(SharedList, ReadsLikeAVector) {
  const List list{"a", "b"};
  EXPECT_THAT(list, ElementsAre("a", "b"));
  EXPECT_EQ(list.size(), 2U);
  EXPECT_EQ(list[1], "b");
  EXPECT_EQ(list.front(), "a");
  EXPECT_EQ(list.back(), "b");
  EXPECT_EQ(std::ranges::find(list, "b") - list.begin(), 1);
  EXPECT_THROW((void)list.at(2), std::out_of_range);
  EXPECT_THROW((void)List().at(0), std::out_of_range);
}

TEST(SharedList, TheEmptyOneHoldsNothing) {
  const List none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none, List(std::vector<std::string>{}));
  EXPECT_EQ(none.copy(), std::vector<std::string>());
  static_assert(sizeof(List) == sizeof(void*));
}

TEST(SharedList, CopiesShareAndEqualOnesMay) {
  const List list{"a"};
  const List copy = list;
  EXPECT_EQ(copy.begin(), list.begin());
  List equal{"a"};
  EXPECT_EQ(equal, list);
  EXPECT_NE(equal.begin(), list.begin());
  EXPECT_TRUE(equal.share_with(list));
  EXPECT_EQ(equal.begin(), list.begin());
  List other{"b"};
  EXPECT_FALSE(other.share_with(list));
  EXPECT_THAT(other, ElementsAre("b")) << "what says something else stays";
}

TEST(SharedList, ACopyOfTheItemsIsItsOwn) {
  const List list{"a"};
  std::vector<std::string> items = list.copy();
  items[0] = "b";
  EXPECT_THAT(list, ElementsAre("a"));
}

struct Counted {
  explicit Counted(int& count) : alive(&count) { ++*alive; }
  Counted(const Counted& other) : alive(other.alive) { ++*alive; }
  Counted(Counted&& other) noexcept : alive(other.alive) { ++*alive; }
  Counted& operator=(const Counted&) = delete;
  Counted& operator=(Counted&&) = delete;
  ~Counted() { --*alive; }
  int* alive;
};

TEST(SharedList, ItemsLiveAsLongAsTheLastCopy) {
  int alive = 0;
  {
    std::vector<Counted> made(2, Counted(alive));
    SharedList<Counted> list(std::move(made));
    made.clear();
    EXPECT_EQ(alive, 2);
    SharedList<Counted> copy = list;
    list = {};
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(alive, 2);
    const SharedList<Counted> taken = std::move(copy);
    EXPECT_EQ(taken.size(), 2U);
    list = taken;
    const SharedList<Counted>& itself = list;
    list = itself;
    EXPECT_EQ(list.begin(), taken.begin());
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

TEST(SharedList, CopiesComeAndGoOnManyThreads) {
  const List list{"a", "b"};
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([copy = list] {
      for (int i = 0; i < 1000; ++i) {
        const List other = copy;  // NOLINT(performance-unnecessary-copy-initialization)
        if (other.size() != 2) std::abort();
      }
    });
  threads.clear();
  EXPECT_THAT(list, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace pintle
