#include <gtest/gtest.h>

#include <pintle/runtime/endpoints.hpp>

namespace pintle::runtime {
namespace {

TEST(SocketAddress, ParsesLiteralAddressesOnly) {
  struct Row {
    const char* text;
    const char* printed;  // nullptr: refused
  };
  const Row rows[] = {
      {"127.0.0.1", "127.0.0.1:80"},
      {"10.244.0.7", "10.244.0.7:80"},
      {"::1", "[::1]:80"},
      {"2001:db8:0:0::1", "[2001:db8::1]:80"},
      {"", nullptr},
      {"localhost", nullptr},
      {"127.0.0.1:80", nullptr},
      {"[::1]", nullptr},
      {"127.1", nullptr},
      {"256.0.0.1", nullptr},
      {"fe80::1%eth0", nullptr},
      {"0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0", nullptr},
  };
  for (const Row& row : rows) {
    SocketAddress address;
    address.port = 80;
    EXPECT_EQ(parse_ip(row.text, address), row.printed != nullptr) << row.text;
    if (row.printed != nullptr) EXPECT_EQ(to_string(address), row.printed);
  }
}

TEST(SocketAddress, FamiliesDiffer) {
  SocketAddress v4, v6;
  ASSERT_TRUE(parse_ip("0.0.0.0", v4));
  ASSERT_TRUE(parse_ip("::", v6));
  EXPECT_NE(v4, v6);
}

}  // namespace
}  // namespace pintle::runtime
