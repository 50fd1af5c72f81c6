#include "controller/resolve/addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::resolve {
namespace {

runtime::SocketAddress parse(std::string_view text) {
  runtime::SocketAddress address;
  EXPECT_TRUE(runtime::parse_ip(text, address)) << text;
  return address;
}

TEST(Addresses, WhereABackendMayBe) {
  const struct {
    std::string_view address;
    bool refused;
    bool refused_locally;  ///< with loopback allowed
  } rows[] = {
      {"10.0.0.1", false, false},
      {"100.64.0.1", false, false},
      {"126.255.255.255", false, false},
      {"127.0.0.1", true, false},
      {"127.255.255.254", true, false},
      {"128.0.0.1", false, false},
      {"169.253.255.255", false, false},
      {"169.254.169.254", true, false},
      {"169.255.0.1", false, false},
      {"0.0.0.0", true, true},
      {"0.1.2.3", true, true},
      {"223.255.255.255", false, false},
      {"224.0.0.1", true, true},
      {"255.255.255.255", true, true},
      {"::", true, true},
      {"::1", true, false},
      {"::2", false, false},
      {"fd00::1", false, false},
      {"fe7f::1", false, false},
      {"fe80::1", true, false},
      {"febf:ffff::1", true, false},
      {"fec0::1", false, false},
      {"ff02::1", true, true},
      {"::ffff:127.0.0.1", true, false},
      {"::ffff:169.254.169.254", true, false},
      {"::ffff:10.0.0.1", false, false},
      {"::ffff:0.0.0.0", true, true},
      {"64:ff9b::7f00:1", false, false},
  };
  Settings settings;
  Settings local;
  local.allow_loopback_backends = true;
  for (const auto& row : rows) {
    EXPECT_EQ(find_refused_range(parse(row.address), settings) != nullptr, row.refused) << row.address;
    EXPECT_EQ(find_refused_range(parse(row.address), local) != nullptr, row.refused_locally) << row.address;
  }
}

TEST(Addresses, MappedV4IsTheV4Address) {
  runtime::SocketAddress mapped = parse("::ffff:10.1.2.3");
  mapped.port = 80;
  EXPECT_EQ(runtime::to_string(unmap_v4(mapped)), "10.1.2.3:80");
  for (const std::string_view other : {"::1", "::", "fd00::1", "::fffe:10.1.2.3", "1::ffff:10.1.2.3", "10.1.2.3"})
    EXPECT_EQ(unmap_v4(parse(other)), parse(other)) << other;
}

TEST(Addresses, DefaultsOfTheCommandLine) {
  EXPECT_THAT(loopback_addresses(), ::testing::ElementsAre(parse("127.0.0.1"), parse("::1")));
  EXPECT_THAT(any_addresses(), ::testing::ElementsAre(parse("0.0.0.0"), parse("::")));
}

}  // namespace
}  // namespace pintle::resolve
