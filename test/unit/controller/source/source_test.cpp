#include "controller/source/source.hpp"

#include <gtest/gtest.h>

namespace pintle::source {
namespace {

TEST(Change, HasTheKeyOfWhatItChanges) {
  auto object = std::make_shared<api::Gateway>();
  object->metadata.ns = "ns";
  object->metadata.name = "gw";
  const api::ObjectKey key{api::Kind::Gateway, "ns", "gw"};
  EXPECT_EQ(key_of(Upsert{api::Ptr<api::Gateway>(object)}), key);
  EXPECT_EQ(key_of(Remove{key}), key);
}

}  // namespace
}  // namespace pintle::source
