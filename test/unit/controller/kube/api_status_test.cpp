#include "controller/kube/api_status.hpp"

#include <gtest/gtest.h>

namespace pintle::kube {
namespace {

TEST(ApiStatus, ReadsWhatAServerSays) {
  const ApiStatus status = read_api_status(
      R"({"kind":"Status","status":"Failure","message":"the server is busy","reason":"TooManyRequests",)"
      R"("details":{"retryAfterSeconds":5},"code":429})",
      500);
  EXPECT_EQ(status.code, 429);
  EXPECT_EQ(status.reason, "TooManyRequests");
  EXPECT_EQ(status.retry_after, std::chrono::seconds(5));
  EXPECT_EQ(to_string(status), "429 TooManyRequests: the server is busy");
}

TEST(ApiStatus, KnowsAVersionOfTheFuture) {
  EXPECT_TRUE(read_api_status(R"({"kind":"Status","code":504,"reason":"Timeout","details":{"causes":[)"
                              R"({"reason":"ResourceVersionTooLarge","message":"Too large resource version"}]}})",
                              504)
                  .future_version);
  EXPECT_TRUE(read_api_status(
                  R"({"kind":"Status","code":504,"message":"Timeout: Too large resource version: 9, current: 8"})", 504)
                  .future_version);
  EXPECT_FALSE(read_api_status(R"({"kind":"Status","code":504,"reason":"Timeout"})", 504).future_version);
}

TEST(ApiStatus, WhatIsNoStatusLeavesTheCode) {
  for (const char* text : {"", "<html>", "null", "[]", R"({"kind":"Pod","code":1})", R"({"kind":"Status","code":"x"})",
                           R"({"kind":"Status","code":99999999999,"details":7,"message":{}})",
                           R"({"kind":"Status","details":{"causes":[1,null],"retryAfterSeconds":-1}})"}) {
    const ApiStatus status = read_api_status(text, 503);
    EXPECT_EQ(status.code, 503) << text;
    EXPECT_FALSE(status.retry_after) << text;
  }
}

TEST(ApiStatus, TheStatusLineAndTheHeaderCountBeforeTheBody) {
  const ApiStatus status = read_api_status(Response{.status = 503,
                                                    .body = R"({"kind":"Status","code":200,)"
                                                            R"("details":{"retryAfterSeconds":9}})",
                                                    .retry_after = std::chrono::seconds(2)});
  EXPECT_EQ(status.code, 503);
  EXPECT_EQ(status.retry_after, std::chrono::seconds(2));
}

TEST(ApiStatus, IsFitForALog) {
  const std::string text = to_string(read_api_status(R"({"kind":"Status","message":"a\nb\u001b[31m"})", 500));
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(read_api_status(R"({"kind":"Status","message":")" + std::string(5000, 'x') + "\"}", 500).message.size(),
            600U);
}

}  // namespace
}  // namespace pintle::kube
