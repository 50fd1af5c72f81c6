#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/http/grpc.hpp>

namespace pintle::http {
namespace {

/// One field as a parser would hand it on.
struct OneField {
  OneField(std::string_view name, std::string_view value) : bytes(std::string(name) + std::string(value)) {
    fields.push_back({.name_offset = 0,
                      .value_offset = static_cast<std::uint32_t>(name.size()),
                      .value_length = static_cast<std::uint32_t>(value.size()),
                      .name_length = static_cast<std::uint16_t>(name.size()),
                      .id = find_header_id(name)});
  }
  [[nodiscard]] HeaderView view() const { return {.base = bytes.data(), .fields = fields}; }
  std::string bytes;
  std::vector<Field> fields;
};

TEST(Grpc, ContentType) {
  for (const char* text : {"application/grpc", "application/grpc+proto", "Application/GRPC", "application/grpc;x=y"})
    EXPECT_TRUE(is_grpc(OneField("content-type", text).view())) << text;
  for (const char* text : {"", "application/grp", "application/grpc-web", "application/grpcx", "text/plain"})
    EXPECT_FALSE(is_grpc(OneField("content-type", text).view())) << text;
  EXPECT_FALSE(is_grpc(OneField("accept", "application/grpc").view()));
}

TEST(Grpc, Timeout) {
  const struct {
    const char* text;
    std::int64_t millis;  ///< -1: none
  } rows[] = {{"1S", 1000}, {"100m", 100},   {"1u", 1},          {"1000001n", 2},
              {"0n", 0},    {"2M", 120'000}, {"1H", 3'600'000},  {"99999999H", 359'999'996'400'000},
              {"", -1},     {"S", -1},       {"1", -1},          {"-1S", -1},
              {"1s", -1},   {"1.5S", -1},    {"123456789S", -1}, {"1 S", -1},
              {"0x1S", -1}};
  for (const auto& row : rows) {
    const auto found = find_grpc_timeout(OneField("grpc-timeout", row.text).view());
    EXPECT_EQ(found ? found->count() : -1, row.millis) << row.text;
  }
  EXPECT_FALSE(find_grpc_timeout(OneField("timeout", "1S").view()));
}

TEST(Grpc, Statuses) {
  EXPECT_EQ(grpc_status_of(404), GrpcStatus::Unimplemented);
  EXPECT_EQ(grpc_status_of(500), GrpcStatus::Unavailable);
  EXPECT_EQ(grpc_status_of(503), GrpcStatus::Unavailable);
  for (const std::uint16_t failure : std::initializer_list<std::uint16_t>{400, 404, 422, 503})
    EXPECT_TRUE(is_grpc_failure(failure)) << failure;
  for (const std::uint16_t other : std::initializer_list<std::uint16_t>{200, 302, 421})
    EXPECT_FALSE(is_grpc_failure(other)) << other;
  EXPECT_EQ(grpc_status_of(504), GrpcStatus::DeadlineExceeded);
  EXPECT_EQ(grpc_status_of(403), GrpcStatus::PermissionDenied);
}

}  // namespace
}  // namespace pintle::http
