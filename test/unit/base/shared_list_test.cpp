#include <algorithm>
#include <stdexcept>
#include <string>

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
}

TEST(SharedList, CopiesShareAndEqualOnesMay) {
  const List list{"a"};
  const List copy = list;
  EXPECT_EQ(copy.begin(), list.begin());
  List equal{"a"};
  EXPECT_EQ(equal, list);
  EXPECT_NE(equal.begin(), list.begin());
  equal.share_with(list);
  EXPECT_EQ(equal.begin(), list.begin());
  List other{"b"};
  other.share_with(list);
  EXPECT_THAT(other, ElementsAre("b")) << "what says something else stays";
}

TEST(SharedList, ACopyOfTheItemsIsItsOwn) {
  const List list{"a"};
  std::vector<std::string> items = list.copy();
  items[0] = "b";
  EXPECT_THAT(list, ElementsAre("a"));
}

}  // namespace
}  // namespace pintle
