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

TEST(AssignStable, KeepsIdsAndReusesThemLate) {
  const Ids first = assign_stable<std::string, BackendId>({"a", "b", "c"}, {});
  EXPECT_EQ(shown(first), "a0b1c2");
  // b's id is not given to d at once: a worker may still hold connections under it.
  const Ids second = assign_stable<std::string, BackendId>({"a", "c", "d"}, first);
  EXPECT_EQ(shown(second), "a0c2d3");
  const Ids third = assign_stable<std::string, BackendId>({"a", "c", "d", "e"}, second);
  EXPECT_EQ(shown(third), "a0c2d3e1");
  EXPECT_EQ(shown(assign_stable<std::string, BackendId>({"x", "x"}, {})), "x0");
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
