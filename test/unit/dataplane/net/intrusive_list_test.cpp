#include "dataplane/net/intrusive_list.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace pintle::net {
namespace {

struct ByAge;
struct ByUse;
struct Item : ListHook<ByAge>, ListHook<ByUse> {
  explicit Item(char item_name) : name(item_name) {}
  char name;
};
using Ages = IntrusiveList<Item, ByAge>;
using Uses = IntrusiveList<Item, ByUse>;

template <class List>
std::string names(List& list) {
  std::string text;
  for (Item* item = list.front(); item != nullptr; item = list.next(*item)) text += item->name;
  return text;
}

struct Lists : testing::Test {
  Ages ages;
  Uses uses;
  Item a{'a'};
  Item b{'b'};
  Item c{'c'};
};

TEST_F(Lists, PushesAtBothEnds) {
  EXPECT_TRUE(ages.empty());
  EXPECT_EQ(ages.front(), nullptr);
  EXPECT_EQ(ages.back(), nullptr);
  EXPECT_EQ(ages.pop_front(), nullptr);
  ages.push_back(b);
  ages.push_back(c);
  ages.push_front(a);
  EXPECT_EQ(names(ages), "abc");
  EXPECT_EQ(ages.back(), &c);
  EXPECT_EQ(ages.pop_front(), &a);
  EXPECT_EQ(names(ages), "bc");
}

TEST_F(Lists, AnItemHangsInListsOfDifferentTagsAtOnce) {
  ages.push_back(a);
  ages.push_back(b);
  uses.push_back(b);
  uses.push_back(a);
  static_cast<ListHook<ByAge>&>(a).unlink();
  EXPECT_EQ(names(ages), "b");
  EXPECT_EQ(names(uses), "ba");
}

TEST_F(Lists, PushingAgainMoves) {
  Ages other;
  for (Item* item : {&a, &b, &c}) ages.push_back(*item);
  ages.push_back(a);
  EXPECT_EQ(names(ages), "bca");
  ages.push_front(a);
  EXPECT_EQ(names(ages), "abc");
  other.push_back(b);
  EXPECT_EQ(names(ages), "ac");
  EXPECT_EQ(names(other), "b");
}

TEST_F(Lists, DestructionLeavesTheList) {
  auto gone = std::make_unique<Item>('x');
  ages.push_back(a);
  ages.push_back(*gone);
  ages.push_back(b);
  gone.reset();
  EXPECT_EQ(names(ages), "ab");
  {
    Uses short_lived;
    short_lived.push_back(a);
  }
  EXPECT_FALSE(static_cast<ListHook<ByUse>&>(a).is_linked());
}

TEST_F(Lists, SplicesInOrder) {
  Ages other;
  ages.push_back(a);
  other.push_back(b);
  other.push_back(c);
  ages.splice(other);
  EXPECT_EQ(names(ages), "abc");
  EXPECT_TRUE(other.empty());
}

TEST_F(Lists, AVisitMayUnlinkOrDestroyTheVisited) {
  auto* x = new Item('x');
  ages.push_back(a);
  ages.push_back(*x);
  ages.push_back(b);
  std::string seen;
  ages.for_each([&](Item& item) {
    seen += item.name;
    if (item.name == 'x')
      delete &item;
    else if (item.name == 'a')
      static_cast<ListHook<ByAge>&>(item).unlink();
  });
  EXPECT_EQ(seen, "axb");
  EXPECT_EQ(names(ages), "b");
}

}  // namespace
}  // namespace pintle::net
