// What an XBackendTrafficPolicy may say: the bounds and the defaults of its CRD.
#include <fmt/format.h>

#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

test::Decoded decode_policy(std::string_view spec, std::string_view version = "v1alpha1") {
  const std::string text = fmt::format(
      "apiVersion: gateway.networking.x-k8s.io/{}\nkind: XBackendTrafficPolicy\nmetadata: {{name: p, namespace: "
      "default}}\nspec: {}\n",
      version, spec);
  return test::decode(test::read_documents(text).at(0).root, DecodeMode::Strict);
}

constexpr std::string_view target = R"(targetRefs: [{group: "", kind: Service, name: s}])";

TEST(TrafficPolicy, Defaults) {
  const test::Decoded made = decode_policy(fmt::format("{{{}, retryConstraint: {{}}}}", target));
  ASSERT_TRUE(made.object);
  const auto& policy = *std::get<Ptr<XBackendTrafficPolicy>>(*made.object);
  ASSERT_TRUE(policy.spec.retry_constraint);
  EXPECT_EQ(*policy.spec.retry_constraint, RetryConstraint{});
  EXPECT_EQ(policy.spec.retry_constraint->budget_interval, Millis(10'000));
  EXPECT_FALSE(policy.spec.session_persistence);
}

TEST(TrafficPolicy, Bounds) {
  struct Row {
    const char* rest;
    const char* finding;  ///< nullptr: it is sound
  };
  constexpr Row rows[] = {
      {"retryConstraint: {budget: {percent: 0, interval: 1s}, minRetryRate: {count: 1000000, interval: 1ms}}", nullptr},
      {"retryConstraint: {budget: {percent: 100, interval: 1h}, minRetryRate: {count: 1, interval: 1h}}", nullptr},
      {"retryConstraint: {budget: {percent: 101}}", "GW0304"},
      {"retryConstraint: {budget: {percent: -1}}", "GW0304"},
      {"retryConstraint: {budget: {interval: 999ms}}", "GW0304"},
      {"retryConstraint: {budget: {interval: 61m}}", "GW0304"},
      {"retryConstraint: {budget: {interval: soon}}", "GW0310"},
      {"retryConstraint: {minRetryRate: {count: 0}}", "GW0304"},
      {"retryConstraint: {minRetryRate: {count: 1000001}}", "GW0304"},
      {"retryConstraint: {minRetryRate: {interval: 0s}}", "GW0304"},
      {"retryConstraint: {minRetryRate: {interval: 2h}}", "GW0304"},
      {"retryConstraint: {maxRetries: 1}", "GW0201"},
      {"sessionPersistence: {type: Cookie, cookieConfig: {lifetimeType: Permanent}}", "GW0421"},
      {"sessionPersistence: {idleTimeout: 1m}", "GW0201"},
  };
  for (const Row& row : rows) {
    const test::Decoded made = decode_policy(fmt::format("{{{}, {}}}", target, row.rest));
    EXPECT_EQ(made.findings.empty(), row.finding == nullptr) << row.rest;
    if (row.finding != nullptr && !made.findings.empty()) EXPECT_EQ(made.findings.front().id, row.finding) << row.rest;
  }
}

TEST(TrafficPolicy, TargetsAndVersion) {
  EXPECT_EQ(decode_policy("{targetRefs: []}").findings.at(0).id, "GW0311");
  EXPECT_EQ(decode_policy("{}").findings.at(0).id, "GW0202");
  const std::string_view twice =
      R"({targetRefs: [{group: "", kind: Service, name: s}, {group: "", kind: Service, name: s}]})";
  EXPECT_EQ(decode_policy(twice).findings.at(0).id, "GW0316");
  const std::string_view of_port = R"({targetRefs: [{group: "", kind: Service, name: s, sectionName: http}]})";
  EXPECT_EQ(decode_policy(of_port).findings.at(0).id, "GW0201");
  EXPECT_EQ(decode_policy(fmt::format("{{{}}}", target), "v1").findings.at(0).id, "GW0207");
}

}  // namespace
}  // namespace pintle::api
