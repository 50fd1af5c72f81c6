#include "src/app/admin_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test/unit/app/scene.hpp"

namespace pintle::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

[[nodiscard]] admin::ExplainQuery ask(std::string url) {
  admin::ExplainQuery query;
  query.url = std::move(url);
  return query;
}

class AdminSources : public testing::Test {
 protected:
  [[nodiscard]] admin::Sources make() {
    return make_admin_sources({.served = [this] { return served_ ? &*served_ : nullptr; },
                               .findings = [this] { return findings_; },
                               .is_draining = [this] { return draining_; },
                               .waits_for = [] { return std::string("no list yet of Gateway (403)"); },
                               .metrics = metrics_,
                               .control = control_,
                               .program = {.version = "1.2.3", .commit = "abc", .started_at = 1}});
  }
  [[nodiscard]] bool is_ready(const admin::Sources& sources) {
    return std::ranges::all_of(sources.readiness(), &admin::HealthCheck::good);
  }
  void serve_scene() {
    served_.emplace();
    served_->compiled = std::make_shared<const runtime::Compiled>(make_scene());
    served_->apply.workers = served_->apply.acknowledged = 1;
    served_->apply_duration = std::chrono::microseconds(60);
    served_->propagation = std::chrono::milliseconds(3);
    api::GatewayStatus status;
    status.addresses.push_back({.type = "IPAddress", .value = "127.0.0.1"});
    served_->statuses = std::make_shared<const status::Statuses>(status::Statuses{
        {{api::Kind::Gateway, "default", "demo"}, std::make_shared<const status::StatusValue>(status)}});
    count_served(control_, *served_);
  }
  std::optional<reconcile::Served> served_;
  std::vector<api::Finding> findings_;
  bool draining_ = false;
  observe::Metrics metrics_{100};
  observe::ControlMetrics control_;
};

TEST_F(AdminSources, ReadyFromTheFirstGenerationToTheDrain) {
  const admin::Sources sources = make();
  EXPECT_FALSE(is_ready(sources));
  EXPECT_EQ(sources.readiness().at(0).detail,
            "the first configuration is not served yet: no list yet of Gateway (403)");
  serve_scene();
  EXPECT_TRUE(is_ready(sources));
  draining_ = true;
  EXPECT_FALSE(is_ready(sources));
}

TEST_F(AdminSources, AnswersBeforeTheFirstGenerationAreEmptyNotWrong) {
  const admin::Sources sources = make();
  EXPECT_EQ(Json::parse(sources.config()), Json::object());
  EXPECT_EQ(Json::parse(sources.status()),
            (Json{{"items", Json::array()}, {"findings", {{"errors", 0}, {"warnings", 0}, {"infos", 0}}}}));
  EXPECT_EQ(Json::parse(sources.findings())["findings"], Json::array());
  EXPECT_EQ(Json::parse(sources.routes()), Json::array());
  EXPECT_FALSE(sources.explain(ask("http://a/")).has_value());
  EXPECT_THAT(sources.metrics(), HasSubstr("\npintle_config_generation 0\n"));
}

TEST_F(AdminSources, AnswersOfAGeneration) {
  serve_scene();
  findings_.resize(2);
  findings_[1].severity = api::Severity::Info;
  const admin::Sources sources = make();
  EXPECT_EQ(Json::parse(sources.config())["generation"], 4);
  EXPECT_EQ(Json::parse(sources.status())["items"][0]["metadata"]["name"], "demo");
  EXPECT_EQ(Json::parse(sources.status())["findings"]["errors"], 1);
  EXPECT_EQ(Json::parse(sources.findings())["findings"].size(), 2U);
  EXPECT_EQ(Json::parse(sources.findings())["summary"]["infos"], 1);
  EXPECT_FALSE(Json::parse(sources.routes()).empty());
  const auto walk = sources.explain(ask("http://nobody.localhost:8080/"));
  ASSERT_TRUE(walk.has_value());
  EXPECT_EQ(Json::parse(*walk)["answer"]["reason"], "no_host");
  EXPECT_FALSE(sources.explain(ask("ftp://a/")).has_value());

  const std::string metrics = sources.metrics();
  for (const char* line :
       {"pintle_config_generation 4", "pintle_config_last_apply_success 1",
        "pintle_config_findings{severity=\"error\"} 1", "pintle_config_findings{severity=\"info\"} 1",
        "pintle_config_findings{severity=\"warning\"} 0", "pintle_backend_endpoints{backend=\"default/shop-v1:80\"} 1",
        "pintle_route_propagation_seconds_count 1",
        "pintle_certificate_expiry_timestamp_seconds{namespace=\"default\",name=\"tls\"}",
        "pintle_build_info{version=\"1.2.3\",commit=\"abc\"} 1"})
    EXPECT_THAT(metrics, HasSubstr(line));
}

TEST_F(AdminSources, NoKeyLeaves) {
  serve_scene();
  runtime::Compiled with_key = *served_->compiled;
  auto certificate = std::make_shared<runtime::Certificate>();
  certificate->source = "default/tls";
  certificate->key_pem = Secret("canary-key");
  auto certs = std::make_shared<runtime::Certs>();
  certs->certificates.push_back(certificate);
  with_key.certs = certs;
  served_->compiled = std::make_shared<const runtime::Compiled>(std::move(with_key));
  const admin::Sources sources = make();
  for (const std::string& text : {sources.config(), sources.metrics(), sources.status(), sources.routes(),
                                  sources.explain(ask("https://shop.localhost:8443/")).value()})
    EXPECT_THAT(text, Not(HasSubstr("canary-key")));
}

}  // namespace
}  // namespace pintle::app
