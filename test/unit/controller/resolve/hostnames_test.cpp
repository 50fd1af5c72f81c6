#include "controller/resolve/hostnames.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::resolve {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Hostnames, IntersectionOfTwoPatterns) {
  const struct {
    std::string_view a;
    std::string_view b;
    std::string_view both;
  } rows[] = {
      {"*", "*", "*"},
      {"*", "a.example.com", "a.example.com"},
      {"*", "*.example.com", "*.example.com"},
      {"a.example.com", "a.example.com", "a.example.com"},
      {"a.example.com", "b.example.com", ""},
      {"*.example.com", "a.example.com", "a.example.com"},
      {"*.example.com", "b.a.example.com", "b.a.example.com"},  // any number of labels
      {"*.example.com", "example.com", ""},                     // but not none
      {"*.example.com", "aexample.com", ""},
      {"*.example.com", "*.example.com", "*.example.com"},
      {"*.example.com", "*.a.example.com", "*.a.example.com"},
      {"*.example.com", "*.example.org", ""},
      {"*.com", "*.example.com", "*.example.com"},
      {"*.a.example.com", "*.b.example.com", ""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(intersect_hosts(row.a, row.b), row.both) << row.a << " and " << row.b;
    EXPECT_EQ(intersect_hosts(row.b, row.a), row.both) << row.b << " and " << row.a;
  }
}

using Names = std::vector<std::string>;

TEST(Hostnames, OfAListenerAndARoute) {
  EXPECT_THAT(hosts_in_common("*", Names{}), ElementsAre("*"));
  EXPECT_THAT(hosts_in_common("a.example.com", Names{}), ElementsAre("a.example.com"));
  EXPECT_THAT(hosts_in_common("*.example.com", Names{"x.org", "b.example.com", "a.example.com", "b.example.com"}),
              ElementsAre("b.example.com", "a.example.com"));
  // Two patterns of the route come to one host of the listener.
  EXPECT_THAT(hosts_in_common("a.b.example.com", Names{"*.example.com", "*.b.example.com"}),
              ElementsAre("a.b.example.com"));
  EXPECT_THAT(hosts_in_common("a.example.com", Names{"b.example.com"}), IsEmpty());
}

TEST(Hostnames, CertificateNameStandsForOneLabel) {
  const struct {
    std::string_view name;
    std::string_view host;
    bool covers;
  } rows[] = {
      {"a.example.com", "a.example.com", true},    {"a.example.com", "b.example.com", false},
      {"*.example.com", "a.example.com", true},    {"*.example.com", "b.a.example.com", false},
      {"*.example.com", "example.com", false},     {"*.example.com", "*.example.com", true},
      {"*.example.com", "*.a.example.com", false}, {"*", "a.example.com", true},
  };
  for (const auto& row : rows)
    EXPECT_EQ(certificate_covers(row.name, row.host), row.covers) << row.name << " for " << row.host;
}

}  // namespace
}  // namespace pintle::resolve
