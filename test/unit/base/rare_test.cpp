#include <string>

#include <gtest/gtest.h>

#include <pintle/base/rare.hpp>

namespace pintle {
namespace {

TEST(Rare, CopiesAndComparesByValue) {
  const Rare<std::string> none;
  Rare<std::string> one = std::string("a");
  Rare<std::string> copy = one;
  EXPECT_FALSE(none);
  EXPECT_EQ(copy, one);
  EXPECT_NE(copy, none);
  *copy = "b";
  EXPECT_EQ(*one, "a") << "a copy is its own";
  one = copy;
  EXPECT_EQ(one, copy);
  one = none;
  EXPECT_FALSE(one.has_value());
  EXPECT_EQ(*std::exchange(copy, {}), "b");
  EXPECT_EQ(copy, none);
}

TEST(Rare, TakesWhatAnOptionalHolds) {
  EXPECT_FALSE(Rare<std::string>(std::optional<std::string>()));
  EXPECT_EQ(Rare<std::string>(std::optional<std::string>("x"))->size(), 1U);
  EXPECT_EQ(Rare<std::string>(std::string("x")).value_or("y"), "x");
  EXPECT_EQ(Rare<std::string>().value_or("y"), "y");
  EXPECT_EQ(sizeof(Rare<std::string>), sizeof(void*));
}

}  // namespace
}  // namespace pintle
