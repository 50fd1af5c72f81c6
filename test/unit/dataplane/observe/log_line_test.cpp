#include "dataplane/observe/log_line.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pintle::observe {
namespace {

std::string one_field(std::string_view value) {
  std::vector<char> room(LogLine::max_length);
  LogLine line(room);
  line.text(R"("f":)", value);
  return {room.data(), line.finish()};
}

TEST(LogLine, EveryByteAtEveryPlaceIsEscapedOrPlain) {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t place = 0; place < 17; ++place) {
      std::string value(17, 'x');
      value[place] = static_cast<char>(byte);
      const std::string line = one_field(value);
      ASSERT_EQ(line.back(), '\n');
      const std::string body = line.substr(0, line.size() - 1);
      for (const char c : body) ASSERT_TRUE(c >= 0x20 && c < 0x7f) << byte;
      const auto parsed = nlohmann::json::parse(body);  // throws if the line could be forged
      const auto text = parsed.at("f").get<std::string>();
      const std::string expected_char =
          byte < 0x80 ? std::string(1, static_cast<char>(byte))
                      : std::string{static_cast<char>(0xc0 | (byte >> 6)), static_cast<char>(0x80 | (byte & 0x3f))};
      ASSERT_EQ(text, std::string(place, 'x') + expected_char + std::string(16 - place, 'x'))
          << byte << " at " << place;
    }
}

TEST(LogLine, LongFieldsAreCutAndTheObjectStaysWhole) {
  std::vector<char> room(LogLine::max_length);
  LogLine line(room);
  const std::string worst(100'000, '\x01');
  for (int i = 0; i < 20; ++i) line.text(R"("f":)", worst);
  line.number(R"("last":)", 18'446'744'073'709'551'615U);
  const std::size_t length = line.finish();
  ASSERT_LE(length, room.size());
  const auto parsed = nlohmann::json::parse(std::string_view(room.data(), length));
  EXPECT_TRUE(parsed.at("f").get<std::string>().ends_with("..."));
}

TEST(LogLine, Numbers) {
  std::vector<char> room(LogLine::max_length);
  LogLine line(room);
  line.milliseconds(R"("a":)", 1'234'567);
  line.milliseconds(R"("b":)", 7'999);
  line.milliseconds(R"("c":)", -5);
  runtime::SocketAddress v6{.ip = {0x20, 0x01, 0x0d, 0xb8}, .port = 443, .v6 = true};
  v6.ip[15] = 1;
  line.ip(R"("d":)", {.ip = {192, 0, 2, 9}, .port = 80});
  line.ip_and_port(R"("e":)", v6);
  EXPECT_EQ(std::string(room.data(), line.finish()),
            "{\"a\":1.234,\"b\":0.007,\"c\":0.000,\"d\":\"192.0.2.9\",\"e\":\"[2001:db8::1]:443\"}\n");
}

}  // namespace
}  // namespace pintle::observe
