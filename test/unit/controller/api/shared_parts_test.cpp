#include "controller/api/shared_parts.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::api {
namespace {

AnyObject decoded(const std::string& yaml) {
  std::vector<AnyObject> objects;
  std::vector<Finding> findings;
  EXPECT_TRUE(read_yaml(
      {.bytes = yaml, .file = std::make_shared<const std::string>("t.yaml")},
      [&](const Document& document) { decode_document(document, {}, objects, findings); }, findings));
  EXPECT_EQ(objects.size(), 1U);
  return objects.at(0);
}

std::string route(const std::string& name, const std::string& host, const std::string& labels = "{app: shop}") {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: " + name +
         ", namespace: web, labels: " + labels +
         "}\n"
         "spec:\n"
         "  parentRefs: [{name: gw}]\n"
         "  hostnames: [" +
         host +
         "]\n"
         "  rules:\n"
         "    - matches: [{path: {value: /a}}]\n"
         "      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [x]}}]\n"
         "      backendRefs: [{name: shop, port: 80}]\n";
}

const HTTPRoute& as_route(const AnyObject& object) { return **std::get_if<Ptr<HTTPRoute>>(&object); }

TEST(SharedParts, WhatTwoRoutesSayAlikeIsHeldOnce) {
  SharedParts parts;
  AnyObject first = decoded(route("a", "one.example"));
  AnyObject second = decoded(route("b", "two.example"));
  const AnyObject unshared = decoded(route("b", "two.example"));
  parts.share(first);
  parts.share(second);
  EXPECT_TRUE(same_content(second, unshared)) << "it says what it said";
  const HTTPRoute& a = as_route(first);
  const HTTPRoute& b = as_route(second);
  EXPECT_EQ(a.metadata.labels.begin(), b.metadata.labels.begin());
  EXPECT_EQ(a.spec.parent_refs.begin(), b.spec.parent_refs.begin());
  EXPECT_EQ(a.spec.rules[0].matches.begin(), b.spec.rules[0].matches.begin());
  EXPECT_EQ(a.spec.rules[0].filters.begin(), b.spec.rules[0].filters.begin());
  EXPECT_EQ(a.spec.rules[0].backend_refs.begin(), b.spec.rules[0].backend_refs.begin());
  EXPECT_NE(a.spec.hostnames.begin(), b.spec.hostnames.begin());
  EXPECT_EQ(b.spec.hostnames[0], "two.example");
}

TEST(SharedParts, ManyOthersBetweenThemAndTheyDoNotMeet) {
  SharedParts parts;
  AnyObject first = decoded(route("a", "one.example", "{app: first}"));
  parts.share(first);
  for (int i = 0; i < 100; ++i) {
    AnyObject other = decoded(route("r", "one.example", "{app: other-" + std::to_string(i) + "}"));
    parts.share(other);
  }
  AnyObject last = decoded(route("b", "one.example", "{app: first}"));
  parts.share(last);
  EXPECT_EQ(as_route(last).metadata.labels, as_route(first).metadata.labels);
  EXPECT_NE(as_route(last).metadata.labels.begin(), as_route(first).metadata.labels.begin()) << "memory is bounded";
  EXPECT_EQ(as_route(last).spec.hostnames.begin(), as_route(first).spec.hostnames.begin());
}

TEST(Labels, AreAnImmutableMap) {
  const Labels labels{{"b", "2"}, {"a", "1"}};
  ASSERT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.begin()->first, "a");
  EXPECT_EQ(labels.find("b")->second, "2");
  EXPECT_EQ(labels.find("c"), labels.end());
  EXPECT_EQ(Labels().find("c"), Labels().end());
  EXPECT_TRUE(labels.contains("a"));
  EXPECT_EQ(labels, Labels(StringMap{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(labels.copy(), (StringMap{{"a", "1"}, {"b", "2"}}));
  static_assert(sizeof(Labels) == sizeof(void*));
}

}  // namespace
}  // namespace pintle::api
