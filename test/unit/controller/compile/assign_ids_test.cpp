#include "controller/compile/assign_ids.hpp"

#include <string>

#include <gtest/gtest.h>

#include <pintle/base/ids.hpp>

namespace pintle::compile {
namespace {

using Ids = std::map<std::string, BackendId>;
std::string shown(const Ids& ids) {
  std::string text;
  for (const auto& [key, id] : ids) text += key + std::to_string(id.value);
  return text;
}

TEST(AssignDense, LeavesNoGap) {
  const Ids first = assign_dense<std::string, BackendId>({"c", "a", "b"}, {});
  EXPECT_EQ(shown(first), "a1b2c0");  // in the order given
  EXPECT_EQ(shown(assign_dense<std::string, BackendId>({"c", "a", "b", "d"}, first)), "a1b2c0d3");
  EXPECT_EQ(shown(assign_dense<std::string, BackendId>({"a", "b"}, first)), "a1b0");
  EXPECT_EQ(shown(assign_dense<std::string, BackendId>({"d", "a"}, first)), "a1d0");
  EXPECT_EQ(shown(assign_dense<std::string, BackendId>({}, first)), "");
}

}  // namespace
}  // namespace pintle::compile
