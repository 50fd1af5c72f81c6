#include <set>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>
#include <pintle/base/ids.hpp>
#include <pintle/base/reason.hpp>
#include <pintle/base/secret.hpp>

namespace pintle {
namespace {

TEST(Reason, EveryWordIsUniqueDescribedAndFoundAgain) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    EXPECT_TRUE(words.insert(to_string(reason)).second) << to_string(reason);
    EXPECT_FALSE(describe(reason).empty());
    EXPECT_EQ(find_reason(to_string(reason)), reason);
  }
  EXPECT_EQ(to_string(Reason::NoHealthyEndpoint), "no_healthy_endpoint");
  EXPECT_EQ(find_reason("nonsense"), std::nullopt);
}

TEST(Clock, FormatsRfc3339) {
  using namespace std::chrono;
  EXPECT_EQ(format_rfc3339(Wall{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(Wall{seconds{1'780'315'200}}), "2026-06-01T12:00:00Z");
  EXPECT_EQ(format_rfc3339(Wall{seconds{1'709'210'096}}), "2024-02-29T12:34:56Z");
}

TEST(Secret, MovesAndComparesWithoutLeavingBytesBehind) {
  std::string short_key = "short";  // small enough to be stored inside the string object
  Secret a(std::move(short_key));
  EXPECT_EQ(a.reveal(), "short");
  EXPECT_TRUE(short_key.empty());  // NOLINT(bugprone-use-after-move): that nothing stays is the point
  EXPECT_EQ(std::string_view(short_key.data(), 5), std::string_view("\0\0\0\0\0", 5));

  Secret b(std::string(100, 'k'));
  EXPECT_FALSE(a == b);
  a = std::move(b);
  EXPECT_EQ(a.reveal(), std::string(100, 'k'));
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(a == Secret(std::string(100, 'k')));
  EXPECT_FALSE(a == Secret(std::string(100, 'l')));
  static_assert(!std::is_copy_constructible_v<Secret>);
}

TEST(Ids, KindsDoNotMix) {
  static_assert(!std::is_convertible_v<BackendId, ListenerId>);
  EXPECT_LT(BackendId{1}, BackendId{2});
  EXPECT_EQ(BackendId{7}.index(), 7u);
}

TEST(Error, CarriesSideAndRetry) {
  const Result<int> result = make_error(ErrorCode::Reset, "reading the response", Side::Upstream, Retry::IfReused);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().side, Side::Upstream);
  EXPECT_EQ(result.error().retry, Retry::IfReused);
  EXPECT_EQ(to_string(result.error().code), "reset");
}

}  // namespace
}  // namespace pintle
