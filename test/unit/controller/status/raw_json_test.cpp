#include "controller/status/raw_json.hpp"

#include <gtest/gtest.h>

namespace pintle::status {
namespace {

TEST(RawJson, MembersAndItemsAreTheBytesTheyWere) {
  const std::string text = R"( { "a" : [ 1.50e3 , "x\"]," ,{"b":[ ]}, true,null ] , "c":{"a":-1} , "d":"e" } )";
  ASSERT_TRUE(is_json(text));
  const RawJson object(text);
  const auto list = object.find("a");
  ASSERT_TRUE(list);
  const auto items = list->items();
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].text(), "1.50e3");
  EXPECT_EQ(items[1].text(), R"("x\"],")");
  EXPECT_EQ(items[2].text(), R"({"b":[ ]})");
  EXPECT_EQ(items[3].text(), "true");
  EXPECT_EQ(items[4].text(), "null");
  EXPECT_EQ(object.find("c")->find("a")->text(), "-1");
  EXPECT_EQ(object.find("d")->text(), R"("e")");
  EXPECT_FALSE(object.find("b"));
  EXPECT_FALSE(object.find("")) << "no key is a prefix";
}

TEST(RawJson, WhatIsNoContainerHoldsNothing) {
  EXPECT_FALSE(RawJson("[1]").find("a"));
  EXPECT_TRUE(RawJson("{}").items().empty());
  EXPECT_TRUE(RawJson("[]").items().empty());
  EXPECT_TRUE(RawJson("7").items().empty());
  EXPECT_FALSE(RawJson("{}").find("a"));
}

TEST(RawJson, EveryCutOfATextIsRefusedBefore) {
  const std::string text = R"({"a":[1,"x\"y"],"b":{}})";
  for (std::size_t cut = 0; cut < text.size(); ++cut) EXPECT_FALSE(is_json(text.substr(0, cut))) << cut;
}

}  // namespace
}  // namespace pintle::status
