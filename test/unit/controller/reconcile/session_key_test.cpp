#include "controller/reconcile/session_key.hpp"

#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/unit/support/manual_clock.hpp"
#include "test/unit/support/posted_api.hpp"

namespace pintle::reconcile {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view path = "/api/v1/namespaces/pintle-system/secrets/pintle-sessions";

std::string secret(std::string_view version, std::string_view data) {
  return fmt::format(R"({{"kind":"Secret","metadata":{{"name":"pintle-sessions","resourceVersion":"{}"}}{}}})", version,
                     data);
}

struct Scene {
  Scene() { key.start(); }
  boost::asio::io_context io;
  pintle::testing::PostedApi api{io};
  kube::testing::ManualClock clock;
  int told = 0;
  std::vector<std::string> failures;
  SessionKey key{{.ns = "pintle-system", .name = "pintle-sessions", .retry = Millis(5000)},
                 {.api = api,
                  .clock = clock,
                  .on_key = [this] { ++told; },
                  .on_failure = [this](const std::string& why) { failures.push_back(why); }}};
};

TEST(SessionKey, IsTheOneOfTheSecret) {
  Scene scene;
  EXPECT_EQ(scene.api.oldest().path, path);
  EXPECT_EQ(scene.key.key(), nullptr);
  scene.api.answer(200, secret("7", R"(,"data":{"key":"a2V5"})"));
  ASSERT_NE(scene.key.key(), nullptr);
  EXPECT_EQ(scene.key.key()->reveal(), "a2V5");
  EXPECT_EQ(scene.told, 1);
  scene.clock.advance(Millis(60'000));
  EXPECT_THAT(scene.api.requests, SizeIs(1)) << "nothing more is asked";
}

TEST(SessionKey, IsPutIntoAnEmptySecretOverThatVersionAlone) {
  for (const char* data :
       {"", R"(,"data":{})", R"(,"data":null)", R"(,"data":{"key":""})", R"(,"data":{"other":"eA=="})"}) {
    Scene scene;
    scene.api.answer(200, secret("7", data));
    const kube::Request written = scene.api.oldest();
    EXPECT_EQ(written.method, kube::Method::Patch) << data;
    EXPECT_EQ(written.path, path);
    EXPECT_EQ(written.content_type, kube::merge_patch_type);
    const json body = json::parse(written.body);
    EXPECT_EQ(body["metadata"]["resourceVersion"], "7");
    const auto made = body["data"]["key"].get<std::string>();
    EXPECT_EQ(made.size(), 44U) << "32 bytes";
    scene.api.answer(200);
    scene.clock.advance(Millis(0));
    scene.api.answer(200, secret("8", fmt::format(R"(,"data":{{"key":"{}"}})", made)));
    ASSERT_NE(scene.key.key(), nullptr);
    EXPECT_EQ(scene.key.key()->reveal(), made);
    EXPECT_THAT(scene.failures, IsEmpty());
  }
}

TEST(SessionKey, OfTwoThatMakeOneTheFirstCounts) {
  Scene scene;
  scene.api.answer(200, secret("7", ""));
  scene.api.answer(409, R"({"kind":"Status","reason":"Conflict"})");
  scene.clock.advance(Millis(0));
  scene.api.answer(200, secret("8", R"(,"data":{"key":"b3RoZXI="})"));
  ASSERT_NE(scene.key.key(), nullptr);
  EXPECT_EQ(scene.key.key()->reveal(), "b3RoZXI=");
  EXPECT_THAT(scene.failures, IsEmpty());
}

TEST(SessionKey, AFailureIsToldOnceAndTriedAgain) {
  Scene scene;
  for (int turn = 0; turn < 3; ++turn) {
    scene.api.answer(403, R"({"kind":"Status","message":"secrets is forbidden"})");
    scene.clock.advance(Millis(5000));
  }
  ASSERT_THAT(scene.failures, SizeIs(1));
  EXPECT_THAT(scene.failures[0], HasSubstr("pintle-system/pintle-sessions"));
  EXPECT_THAT(scene.failures[0], HasSubstr("forbidden"));
  scene.api.answer(200, "not JSON");
  EXPECT_THAT(scene.failures, SizeIs(2));
  scene.clock.advance(Millis(5000));
  scene.api.answer(200, secret("7", ""));
  scene.api.answer(make_error(ErrorCode::ConnectFailed, "no answer"));
  scene.clock.advance(Millis(5000));
  scene.api.answer(200, secret("7", R"(,"data":{"key":"a2V5"})"));
  EXPECT_NE(scene.key.key(), nullptr);
}

TEST(SessionKey, IsNeverTheSameTwice) {
  EXPECT_EQ(make_session_key().reveal().size(), 44U);
  EXPECT_FALSE(make_session_key() == make_session_key());
}

}  // namespace
}  // namespace pintle::reconcile
