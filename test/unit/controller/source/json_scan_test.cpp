#include "controller/source/json_scan.hpp"

#include <gtest/gtest.h>

namespace pintle::source {
namespace {

constexpr std::string_view page = R"( {"kind":"HTTPRouteList", "apiVersion":"gateway.networking.k8s.io/v1",
  "metadata":{"resourceVersion":"12","continue":"abc","remainingItemCount":3},
  "items":[{"metadata":{"name":"a","note":"]}\"{["}} , {"metadata":{"name":"b","n":[1,[2]]}}]} )";

TEST(JsonScan, FindsTheItemsOfAList) {
  const auto list = scan_list(page);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->kind, "HTTPRouteList");
  EXPECT_EQ(list->api_version, "gateway.networking.k8s.io/v1");
  EXPECT_EQ(list->version, "12");
  EXPECT_EQ(list->continue_token, "abc");
  ASSERT_EQ(list->items.size(), 2U);
  EXPECT_EQ(list->items[0], R"({"metadata":{"name":"a","note":"]}\"{["}})");
  EXPECT_EQ(list->items[1], R"({"metadata":{"name":"b","n":[1,[2]]}})");
}

TEST(JsonScan, AListThatIsCutAnywhereIsNone) {
  const std::size_t end = page.rfind('}');
  for (std::size_t length = 0; length < end; ++length) EXPECT_FALSE(scan_list(page.substr(0, length))) << length;
  EXPECT_TRUE(scan_list(page.substr(0, end + 1)));
}

TEST(JsonScan, WhatIsNoListIsNone) {
  for (const char* text : {"", "null", "[]", "{}", R"({"kind":"Status","metadata":{"resourceVersion":"1"},"items":[]})",
                           R"({"kind":"XList","metadata":{"resourceVersion":"1"}})", R"({"kind":"XList","items":[]})",
                           R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":{}})",
                           R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[1,]})",
                           R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":[]} x)", "<html>busy</html>"})
    EXPECT_FALSE(scan_list(text)) << text;
  const auto none = scan_list(R"({"kind":"XList","metadata":{"resourceVersion":"1"},"items":null})");
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->items.empty());
}

TEST(JsonScan, TellsAnObjectWithoutReadingIt) {
  const auto object =
      scan_object(R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"n","namespace":"s","resourceVersion":"9",)"
                  R"("managedFields":[{"f":{}}]},"spec":{"name":"other"}})");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->name, "n");
  EXPECT_EQ(object->ns, "s");
  EXPECT_EQ(object->version, "9");
  EXPECT_EQ(object->managed_fields, R"([{"f":{}}])");
}

TEST(JsonScan, DepthCostsNoStack) {
  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(scan_object("{\"a\":" + deep));
  EXPECT_TRUE(scan_object("{\"a\":" + deep + std::string(deep.size(), ']') + "}"));
}

TEST(JsonScan, TellsAnEvent) {
  const auto event = scan_event(R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, "ADDED");
  EXPECT_EQ(event->object, R"({"metadata":{"name":"a"}})");
  for (const char* text : {"", "{}", R"({"type":"ADDED"})", R"({"object":{}})", R"({"type":"ADDED","object":{"a")"})
    EXPECT_FALSE(scan_event(text)) << text;
}

}  // namespace
}  // namespace pintle::source
