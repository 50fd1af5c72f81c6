#include "src/app/controller_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(ControllerSettings, AKubeconfigThatIsNotThereTellsTheWayOut) {
  ControllerOptions options;
  options.kubeconfig = "/nowhere/at/all";
  const auto found = find_connection(options);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().context, AllOf(HasSubstr("/nowhere/at/all cannot be read"),
                                           HasSubstr("--kubeconfig names it"), HasSubstr("pintle serve --config DIR")));
}

TEST(ControllerSettings, ServiceModeAsksForTheServiceOfItsPods) {
  ControllerOptions options;
  options.replicas_service = "no-slash";
  const auto settings = infra_settings(options);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().context, AllOf(HasSubstr("NAMESPACE/NAME"), HasSubstr("--gateway-mode direct")));
  options.mode = resolve::GatewayMode::Direct;
  EXPECT_TRUE(infra_settings(options));
}

}  // namespace
}  // namespace pintle::app
