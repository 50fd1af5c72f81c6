#include "src/app/configuration_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/app/scene.hpp"

namespace pintle::app {
namespace {

using log::Level;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

[[nodiscard]] auto says(Level level, const std::string& part) {
  return testing::AllOf(testing::Field(&Remark::level, level), testing::Field(&Remark::text, HasSubstr(part)));
}

[[nodiscard]] api::Finding finding(std::uint32_t line) {
  api::Finding made;
  made.id = "GW0101";
  made.file = "manifests/route.yaml";
  made.line = line;
  made.column = 7;
  made.message = "not valid YAML";
  return made;
}

class ConfigurationLogTest : public testing::Test {
 protected:
  ConfigurationLogTest() {
    served_.compiled = std::make_shared<const runtime::Compiled>(make_scene());
    served_.apply.workers = served_.apply.acknowledged = 2;
    for (const runtime::PlannedSocket& socket : served_.compiled->plan->sockets)
      served_.apply.sockets.push_back({.socket = socket.id, .address = socket.address, .error = std::nullopt});
    served_.apply_duration = std::chrono::microseconds(1250);
  }
  void move_on() {
    runtime::Compiled next = *served_.compiled;
    ++next.generation.value;
    served_.compiled = std::make_shared<const runtime::Compiled>(std::move(next));
  }
  reconcile::Served served_;
  ConfigurationLog log_;
};

TEST_F(ConfigurationLogTest, OneLinePerAddressAndGeneration) {
  EXPECT_THAT(log_.on_served(served_),
              ElementsAre(says(Level::Info, "Gateway default/demo (http) listens on 127.0.0.1:8080"),
                          says(Level::Info, "Gateway default/demo (https, https-other) listens on 127.0.0.1:8443"),
                          says(Level::Info,
                               "generation 4 is served: 1 Gateway, 3 listeners, 0 routes, 3 backends; "
                               "applied in 1.2 ms")));
  EXPECT_THAT(log_.on_served(served_), IsEmpty()) << "a binding tried again is no news";
  move_on();
  EXPECT_THAT(log_.on_served(served_), ElementsAre(says(Level::Info, "generation 5 is served")));
}

TEST_F(ConfigurationLogTest, AnAddressThatCannotBeBoundAndItsRecovery) {
  served_.apply.sockets[0].error = Error{ErrorCode::AddressInUse, Side::Internal, Retry::Never, "port taken"};
  EXPECT_THAT(log_.on_served(served_), testing::Contains(says(Level::Error, "default/demo (http): port taken")));
  EXPECT_THAT(log_.on_served(served_), IsEmpty()) << "once";
  served_.apply.sockets[0].error->context = "now it is forbidden";
  EXPECT_THAT(log_.on_served(served_), ElementsAre(says(Level::Error, "now it is forbidden")));
  served_.apply.sockets[0].error.reset();
  EXPECT_THAT(log_.on_served(served_), ElementsAre(says(Level::Info, "listens on 127.0.0.1:8080 now")));
}

TEST_F(ConfigurationLogTest, AnAddressThisMachineLacksIsNoErrorBesideOneThatWorks) {
  runtime::Compiled both = *served_.compiled;
  runtime::ListenerPlan plan = *both.plan;
  plan.sockets[1].address.port = plan.sockets[0].address.port;
  both.plan = std::make_shared<const runtime::ListenerPlan>(std::move(plan));
  served_.compiled = std::make_shared<const runtime::Compiled>(std::move(both));
  served_.apply.sockets[1].error = Error{ErrorCode::InvalidArgument, Side::Internal, Retry::Never, "no such address"};
  EXPECT_TRUE(is_spare(served_.apply.sockets[1], served_));
  served_.apply.sockets[0].error = served_.apply.sockets[1].error;
  EXPECT_FALSE(is_spare(served_.apply.sockets[1], served_)) << "nothing is left of the port";
  served_.apply.sockets[0].error.reset();
  served_.apply.sockets[1].error->code = ErrorCode::AddressInUse;
  EXPECT_FALSE(is_spare(served_.apply.sockets[1], served_));
}

TEST_F(ConfigurationLogTest, FindingsOnceEachAndTheirEnd) {
  EXPECT_THAT(log_.on_findings({finding(2), finding(3), finding(2)}),
              ElementsAre(says(Level::Error, "manifests/route.yaml:2:7: error GW0101: not valid YAML"),
                          says(Level::Error, "manifests/route.yaml:3:7")));
  EXPECT_THAT(log_.on_findings({finding(2), finding(3)}), IsEmpty());
  EXPECT_THAT(log_.on_findings({finding(3)}), IsEmpty());
  served_.findings = {finding(2), finding(3)};
  EXPECT_THAT(log_.on_served(served_), testing::Contains(says(Level::Error, "route.yaml:2:7"))) << "it came back";
  EXPECT_THAT(log_.on_findings({}), ElementsAre(says(Level::Info, "no findings are left")));
  EXPECT_THAT(log_.on_findings({}), IsEmpty());
}

TEST_F(ConfigurationLogTest, NothingServedIsSaidOnce) {
  runtime::Compiled none = *served_.compiled;
  none.plan = std::make_shared<const runtime::ListenerPlan>();
  (void)log_.on_served(served_);
  served_.compiled = std::make_shared<const runtime::Compiled>(std::move(none));
  served_.apply.sockets.clear();
  EXPECT_THAT(log_.on_served(served_), ElementsAre(says(Level::Info, "Gateway default/demo left 127.0.0.1:8080"),
                                                   says(Level::Info, "Gateway default/demo left 127.0.0.1:8443"),
                                                   says(Level::Warning, "nothing is served")));
  EXPECT_THAT(log_.on_served(served_), IsEmpty());
}

}  // namespace
}  // namespace pintle::app
