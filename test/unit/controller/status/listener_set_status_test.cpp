// Statuses of ListenerSets: a table of what was found out and what became of it.
#include <functional>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "controller/status/finish.hpp"
#include "test/unit/controller/status/reports.hpp"

namespace pintle::status {
namespace {

using resolve::GatewayReport;
using testing::address;
using testing::applied;
using testing::at;
using testing::shown;

resolve::ListenerReport set_listener(std::string name, std::uint16_t port) {
  resolve::ListenerReport made = testing::listener(std::move(name), port);
  made.valid = true;
  made.sockets = {address("127.0.0.1", port)};
  return made;
}

/// A Gateway with a listener on 80, and a set with two on 80 and 8080.
GatewayReport gateway_with_set() {
  GatewayReport made = testing::gateway({set_listener("http", 80)});
  made.attached_sets = 1;
  resolve::ListenerSetReport& set = made.sets.emplace_back();
  set.object = {.key = {api::Kind::ListenerSet, "team", "set"}, .uid = "s", .generation = 3};
  set.listeners = {set_listener("one", 80), set_listener("two", 8080)};
  return made;
}

struct World {
  GatewayReport gateway = gateway_with_set();
  runtime::ApplyReport apply = applied({address("127.0.0.1", 80), address("127.0.0.1", 8080)});
  std::optional<Lag> lag;
};

struct Row {
  std::string_view what;
  std::function<void(World&)> change;
  std::string_view conditions;  ///< empty: nothing is written
  std::string_view second;      ///< of the set's second listener; empty: it has none
};

constexpr std::string_view sound = "Accepted=True/Accepted Programmed=True/Programmed";
constexpr std::string_view sound_listener =
    "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts";

resolve::ListenerSetReport& set_of(World& world) { return world.gateway.sets[0]; }
void refuse(resolve::ListenerReport& one, std::string reason) {
  one.accepted = {{"spec.listeners[1]", std::move(reason), "why"}};
  one.conflict = one.accepted.front();
  one.served = one.valid = false;
  one.sockets.clear();
}

const Row rows[] = {
    {"all is well", [](World&) {}, sound, sound_listener},
    {"one listener lost its hostname", [](World& w) { refuse(set_of(w).listeners[1], "HostnameConflict"); },
     "Accepted=True/ListenersNotValid Programmed=True/Programmed",
     "Accepted=False/HostnameConflict Programmed=False/HostnameConflict ResolvedRefs=True/ResolvedRefs "
     "Conflicted=True/HostnameConflict"},
    {"not one listener is valid",
     [](World& w) {
       refuse(set_of(w).listeners[0], "ProtocolConflict");
       refuse(set_of(w).listeners[1], "ListenerConflict");
       set_of(w).accepted = {{"spec.listeners", "ListenersNotValid", "why"}};
     },
     "Accepted=False/ListenersNotValid Programmed=False/ListenersNotValid",
     "Accepted=False/ListenerConflict Programmed=False/ListenerConflict ResolvedRefs=True/ResolvedRefs "
     "Conflicted=True/ListenerConflict"},
    {"not allowed",
     [](World& w) {
       set_of(w).accepted = {{"spec.parentRef", "NotAllowed", "why"}};
       set_of(w).listeners.clear();
     },
     "Accepted=False/NotAllowed Programmed=False/NotAllowed", ""},
    {"the Gateway is not accepted",
     [](World& w) {
       set_of(w).accepted = {{"spec.parentRef", "ParentNotAccepted", "why"}};
       for (auto& one : set_of(w).listeners) one.served = false;
     },
     "Accepted=False/ParentNotAccepted Programmed=False/ParentNotProgrammed",
     "Accepted=True/Accepted Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"the Gateway has no address",
     [](World& w) {
       w.gateway.programmed = {{"spec.addresses", "AddressNotAssigned", "why"}};
       for (auto& one : set_of(w).listeners) one.served = false;
     },
     "Accepted=True/Accepted Programmed=False/ParentNotProgrammed",
     "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"its class is not accepted",
     [](World& w) {
       w.gateway.standing = resolve::Standing::ClassPending;
       set_of(w).listeners.clear();
     },
     "Accepted=Unknown/Pending Programmed=Unknown/Pending", ""},
    {"not every worker serves it", [](World& w) { w.apply.acknowledged = 1; },
     "Accepted=True/Accepted Programmed=Unknown/Pending",
     "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"a port waits for its Service", [](World& w) { set_of(w).listeners[1].served = false; },
     "Accepted=True/Accepted Programmed=Unknown/Pending",
     "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"the replicas have no number left for a port",
     [](World& w) {
       set_of(w).listeners[1].served = false;
       set_of(w).listeners[1].unplaced = "why";
     },
     sound,
     "Accepted=True/Accepted Programmed=False/PortUnavailable ResolvedRefs=True/ResolvedRefs "
     "Conflicted=False/NoConflicts"},
    {"the replicas have no number left for its only port",
     [](World& w) {
       set_of(w).listeners.erase(set_of(w).listeners.begin());
       set_of(w).listeners[0].served = false;
       set_of(w).listeners[0].unplaced = "why";
     },
     "Accepted=True/Accepted Programmed=False/PortUnavailable", ""},
    {"one of two ports is busy",
     [](World& w) { w.apply = applied({address("127.0.0.1", 80)}, {{address("127.0.0.1", 8080), Error{}}}); }, sound,
     "Accepted=True/Accepted Programmed=False/PortUnavailable ResolvedRefs=True/ResolvedRefs "
     "Conflicted=False/NoConflicts"},
    {"its only port is busy",
     [](World& w) {
       set_of(w).listeners.erase(set_of(w).listeners.begin());
       w.apply = applied({address("127.0.0.1", 80)}, {{address("127.0.0.1", 8080), Error{}}});
     },
     "Accepted=True/Accepted Programmed=False/PortUnavailable", ""},
    {"another replica is behind", [](World& w) { w.lag = Lag{Lag::Stage::Told, 1, 2}; },
     "Accepted=True/Accepted Programmed=Unknown/Pending",
     "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"another replica is behind for a moment", [](World& w) { w.lag = Lag{Lag::Stage::Held, 1, 2}; }, "", ""},
};

TEST(ListenerSetStatus, EachRow) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    World world;
    row.change(world);
    resolve::StatusReport report;
    report.controller_name = testing::us;
    report.gateways = {world.gateway};
    const Lags lags = world.lag ? Lags{{world.gateway.sets[0].object.key, *world.lag}} : Lags{};
    const auto patches =
        finish_status({.report = report, .apply = world.apply, .previous = {}, .now = at(0), .lags = &lags});
    if (row.conditions.empty()) {
      EXPECT_EQ(patches.size(), 1U) << "of the Gateway alone";
      continue;
    }
    ASSERT_EQ(patches.size(), 2U) << "of the Gateway and of the set";
    if (world.lag) {
      const auto& gateway = std::get<api::GatewayStatus>(*patches[0].status);
      EXPECT_EQ(shown(gateway.conditions),
                "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs")
          << "a set delays nothing of its Gateway";
    }
    EXPECT_EQ(patches[1].key, world.gateway.sets[0].object.key);
    EXPECT_EQ(patches[1].generation, 3);
    const auto& status = std::get<api::ListenerSetStatus>(*patches[1].status);
    EXPECT_EQ(shown(status.conditions), row.conditions);
    for (const api::Condition& one : status.conditions) EXPECT_EQ(one.observed_generation, 3);
    if (!row.second.empty()) EXPECT_EQ(shown(status.listeners.at(1).conditions), row.second);
  }
}

TEST(ListenerSetStatus, ASetWhoseGatewayIsGoneIsTold) {
  const auto apply = applied({address("127.0.0.1", 80), address("127.0.0.1", 8080)});
  resolve::StatusReport before;
  before.gateways = {gateway_with_set()};
  const api::ObjectKey key = before.gateways[0].sets[0].object.key;
  Statuses previous;
  for (const StatusPatch& patch : finish_status(before, apply, {}, at(0))) previous.emplace(patch.key, patch.status);
  ASSERT_EQ(std::get<api::ListenerSetStatus>(*previous.at(key)).listeners.size(), 2U);

  resolve::StatusReport after;
  resolve::ListenerSetReport& orphan = after.orphans.emplace_back();
  orphan.object = {.key = key, .uid = "s", .generation = 4};
  orphan.accepted = {{"spec.parentRef", "ParentNotAccepted", "Gateway default/gw does not exist"}};
  const auto finish = [&](const resolve::StatusReport* finished) {
    return finish_status(
        {.report = after, .apply = apply, .previous = previous, .now = at(1), .finished = finished, .lags = nullptr});
  };
  EXPECT_TRUE(finish(nullptr).empty()) << "it may be of another controller";
  const auto patches = finish(&before);
  ASSERT_EQ(patches.size(), 1U);
  EXPECT_EQ(patches[0].key, key);
  const auto& status = std::get<api::ListenerSetStatus>(*patches[0].status);
  EXPECT_EQ(shown(status.conditions), "Accepted=False/ParentNotAccepted Programmed=False/ParentNotProgrammed");
  for (const api::Condition& one : status.conditions) EXPECT_EQ(one.observed_generation, 4);
  EXPECT_TRUE(status.listeners.empty());
  previous.insert_or_assign(key, patches[0].status);
  EXPECT_TRUE(finish(&before).empty());
  orphan.object.uid = "made anew";
  previous.clear();
  EXPECT_TRUE(finish(&before).empty());
}

TEST(ListenerSetStatus, TheGatewayCountsThem) {
  GatewayReport report = gateway_with_set();
  const auto apply = applied({address("127.0.0.1", 80), address("127.0.0.1", 8080)});
  resolve::StatusReport all;
  const auto counted = [&](api::GatewayStatus previous) {
    all.gateways = {report};
    const Statuses before{{report.object.key, std::make_shared<const StatusValue>(std::move(previous))}};
    const auto patches = finish_status(all, apply, before, at(0));
    return std::get<api::GatewayStatus>(*patches.at(0).status).attached_listener_sets;
  };
  EXPECT_EQ(counted({}), 1);
  report.sets.clear();
  report.attached_sets.reset();
  EXPECT_EQ(counted({}), std::nullopt);
  api::GatewayStatus had_some;
  had_some.attached_listener_sets = 2;
  EXPECT_EQ(counted(had_some), 0);
}

}  // namespace
}  // namespace pintle::status
