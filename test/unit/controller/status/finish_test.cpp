#include "controller/status/finish.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/status/reports.hpp"

namespace pintle::status {
namespace {

using api::ConditionStatus;
using resolve::GatewayReport;
using resolve::ListenerReport;
using testing::address;
using testing::applied;
using testing::at;
using testing::condition;
using testing::finish;
using testing::gateway;
using ::testing::HasSubstr;
using testing::listener;
using testing::parent;
using testing::route;
using testing::shown;

const Error in_use{.code = ErrorCode::AddressInUse, .context = "cannot listen on 127.0.0.1:80: the port is in use"};

struct GatewayRow {
  std::string_view what;
  std::function<void(GatewayReport&)> change;
  std::string_view conditions;
  std::string_view first_listener;
};

constexpr std::string_view sound = "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs";
constexpr std::string_view sound_listener =
    "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts";

void refuse(ListenerReport& one, std::string reason) {
  one.accepted = {{"", std::move(reason), "why"}};
  one.served = false;
}

// Two listeners, http on 80 and alt on 8080, both bound, before `change`.
const GatewayRow gateway_rows[] = {
    {"all is well", [](GatewayReport&) {}, sound, sound_listener},
    {"one listener refused", [](GatewayReport& g) { refuse(g.listeners[0], "UnsupportedProtocol"); },
     "Accepted=True/ListenersNotValid Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs",
     "Accepted=False/UnsupportedProtocol Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs "
     "Conflicted=False/NoConflicts"},
    {"every listener refused",
     [](GatewayReport& g) {
       refuse(g.listeners[0], "HostnameConflict");
       refuse(g.listeners[1], "HostnameConflict");
       g.listeners[0].conflict = g.listeners[0].accepted.front();
     },
     "Accepted=False/ListenersNotValid Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
     "Accepted=False/HostnameConflict Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs "
     "Conflicted=True/HostnameConflict"},
    {"a certificate is missing",
     [](GatewayReport& g) {
       g.listeners[0].resolved_refs = {{"", "InvalidCertificateRef", "no Secret"}};
       g.listeners[0].served = false;
     },
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/ListenersNotResolved",
     "Accepted=True/Accepted Programmed=False/Invalid ResolvedRefs=False/InvalidCertificateRef "
     "Conflicted=False/NoConflicts"},
    {"one of two certificates is missing",
     [](GatewayReport& g) { g.listeners[0].resolved_refs = {{"", "RefNotPermitted", "no grant"}}; },
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/ListenersNotResolved",
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/RefNotPermitted "
     "Conflicted=False/NoConflicts"},
    {"nothing can serve, and there is nothing to bind",
     [](GatewayReport& g) {
       for (ListenerReport& one : g.listeners) {
         one.resolved_refs = {{"", "RefNotPermitted", "no grant"}};
         one.served = false;
       }
     },
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/ListenersNotResolved",
     "Accepted=True/Accepted Programmed=False/Invalid ResolvedRefs=False/RefNotPermitted Conflicted=False/NoConflicts"},
    {"the Gateway is refused",
     [](GatewayReport& g) {
       g.accepted = {{"spec.infrastructure.parametersRef", "InvalidParameters", "unknown kind"}};
       for (ListenerReport& one : g.listeners) one.served = false;
     },
     "Accepted=False/InvalidParameters Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs",
     "Accepted=True/Accepted Programmed=False/Invalid ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"a reference of the Gateway does not resolve",
     [](GatewayReport& g) { g.resolved_refs = {{"", "InvalidClientCertificateRef", "no Secret"}}; },
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=False/InvalidClientCertificateRef",
     sound_listener},
    {"an address is known to be unusable",
     [](GatewayReport& g) { g.programmed = {{"spec.addresses[0]", "AddressNotUsable", "not of this machine"}}; },
     "Accepted=True/Accepted Programmed=False/AddressNotUsable ResolvedRefs=True/ResolvedRefs", sound_listener},
    {"no address",
     [](GatewayReport& g) {
       g.addresses.clear();
       g.programmed = {{"", "AddressNotAssigned", "none"}};
       for (ListenerReport& one : g.listeners) one.served = false;
     },
     "Accepted=True/Accepted Programmed=False/AddressNotAssigned ResolvedRefs=True/ResolvedRefs",
     "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts"},
    {"the class is not accepted", [](GatewayReport& g) { g.standing = resolve::Standing::ClassPending; },
     "Accepted=Unknown/Pending Programmed=Unknown/Pending", "Accepted=Unknown/Pending Programmed=Unknown/Pending"},
    {"overlapping hostnames",
     [](GatewayReport& g) { g.listeners[0].overlap = {"", "OverlappingHostnames", "with alt"}; }, sound,
     "Accepted=True/Accepted Programmed=True/Programmed ResolvedRefs=True/ResolvedRefs Conflicted=False/NoConflicts "
     "OverlappingTLSConfig=True/OverlappingHostnames"},
};

TEST(FinishGateway, EachRowOfTheRules) {
  for (const GatewayRow& row : gateway_rows) {
    GatewayReport report = gateway({listener("http", 80), listener("alt", 8080)});
    row.change(report);
    const auto status = finish(report, applied({address("127.0.0.1", 80), address("127.0.0.1", 8080)}));
    EXPECT_EQ(shown(status.conditions), row.conditions) << row.what;
    ASSERT_EQ(status.listeners.size(), 2u) << row.what;
    EXPECT_EQ(shown(status.listeners[0].conditions), row.first_listener) << row.what;
  }
}

TEST(FinishGateway, APortInUseIsSaidWhereItHurts) {
  const GatewayReport report = gateway({listener("http", 80), listener("alt", 8080)});
  const auto status = finish(report, applied({address("127.0.0.1", 8080)}, {{address("127.0.0.1", 80), in_use}}));
  EXPECT_EQ(shown(status.conditions), sound);
  EXPECT_THAT(testing::find(status.conditions, "Programmed")->message, HasSubstr(in_use.context));
  const api::Condition* programmed = testing::find(status.listeners[0].conditions, "Programmed");
  EXPECT_EQ(programmed->status, ConditionStatus::False);
  EXPECT_EQ(programmed->reason, "PortUnavailable");
  EXPECT_EQ(programmed->message, in_use.context);
  EXPECT_EQ(shown(status.listeners[1].conditions), sound_listener);
}

TEST(FinishGateway, NothingBoundIsNotProgrammed) {
  const auto status = finish(gateway({listener("http", 80)}), applied({}, {{address("127.0.0.1", 80), in_use}}));
  EXPECT_EQ(testing::find(status.conditions, "Programmed")->reason, "NoResources");
  EXPECT_TRUE(status.addresses.empty());
}

TEST(FinishGateway, OfTheDefaultAddressesThoseThatWorkAreTaken) {
  GatewayReport report = gateway({listener("http", 80)});
  report.port_offset = 8000;
  report.addresses.push_back({.address = address("::1"), .origin = resolve::AddressOrigin::Default});
  const Error none{.code = ErrorCode::InvalidArgument, .context = "this machine has no such address"};
  const auto status = finish(report, applied({address("127.0.0.1", 8080)}, {{address("::1", 8080), none}}));
  EXPECT_EQ(shown(status.conditions), sound);
  EXPECT_EQ(shown(status.listeners[0].conditions), sound_listener);
  ASSERT_EQ(status.addresses.size(), 1u);
  EXPECT_EQ(status.addresses[0], (api::GatewayStatusAddress{.type = "IPAddress", .value = "127.0.0.1"}));
  const auto both = finish(report, applied({address("127.0.0.1", 8080), address("::1", 8080)}));
  ASSERT_EQ(both.addresses.size(), 2u);
  EXPECT_EQ(both.addresses[1].value, "::1");
}

TEST(FinishGateway, BehindAServiceItsAddressIsTold) {
  resolve::GatewayReport report = gateway({listener("http", 20001)});
  report.published = std::vector<api::GatewayStatusAddress>{{"IPAddress", "100.64.1.2"}};
  const api::GatewayStatus status = finish(report, applied({address("127.0.0.1", 20001)}));
  EXPECT_EQ(testing::find(status.conditions, "Programmed")->message,
            "reached at 100.64.1.2, which leads to 127.0.0.1:20001 of each replica");
}

TEST(FinishGateway, ASocketOfAnotherGatewayIsNotItsOwn) {
  // Each address lacks a port that another Gateway has: 127.0.0.1:80 and [::1]:81 are bound, but not for this one.
  GatewayReport report = gateway({listener("http", 80), listener("more", 81)});
  report.addresses.push_back({.address = address("::1"), .origin = resolve::AddressOrigin::Default});
  report.listeners[0].sockets = {address("::1", 80)};
  report.listeners[1].sockets = {address("127.0.0.1", 81)};
  const auto status = finish(
      report, applied({address("127.0.0.1", 80), address("127.0.0.1", 81), address("::1", 80), address("::1", 81)}));
  EXPECT_EQ(testing::find(status.conditions, "Programmed")->message, "listening on 127.0.0.1:81, [::1]:80");
  EXPECT_EQ(testing::find(status.listeners[0].conditions, "Programmed")->message, "listening on [::1]:80");
}

TEST(FinishGateway, EachRequestedAddressMustWork) {
  GatewayReport report = gateway({listener("http", 80)});
  for (auto& assigned : report.addresses) assigned.origin = resolve::AddressOrigin::Requested;
  report.addresses.push_back({.address = address("192.0.2.7"), .origin = resolve::AddressOrigin::Requested});
  const Error none{.code = ErrorCode::InvalidArgument, .context = "no 192.0.2.7 here"};
  const auto status = finish(report, applied({address("127.0.0.1", 80)}, {{address("192.0.2.7", 80), none}}));
  const api::Condition* programmed = testing::find(status.conditions, "Programmed");
  EXPECT_EQ(programmed->reason, "AddressNotUsable");
  EXPECT_EQ(programmed->message, none.context);
  ASSERT_EQ(status.addresses.size(), 1u);
  EXPECT_EQ(status.addresses[0].value, "127.0.0.1");
}

TEST(FinishGateway, UntilEveryWorkerServesItIsPendingAndKeepsItsAddresses) {
  runtime::ApplyReport apply = applied({address("127.0.0.1", 80)});
  apply.acknowledged = 1;
  api::GatewayStatus before;
  before.addresses = {{.value = "127.0.0.1"}};
  const auto status = finish(gateway({listener("http", 80)}), apply, before);
  EXPECT_EQ(testing::find(status.conditions, "Programmed")->reason, "Pending");
  EXPECT_EQ(testing::find(status.listeners[0].conditions, "Programmed")->reason, "Pending");
  EXPECT_EQ(testing::find(status.conditions, "Accepted")->reason, "Accepted");
  EXPECT_EQ(status.addresses, before.addresses);
}

TEST(FinishGateway, ListenersAreExactlyThoseOfTheSpecInItsOrder) {
  const runtime::ApplyReport apply = applied({address("127.0.0.1", 80), address("127.0.0.1", 81)});
  api::GatewayStatus before = finish(gateway({listener("b", 80), listener("gone", 80), listener("a", 81)}), apply);
  before.listeners[2].conditions.push_back(condition("example.com/Seen", ConditionStatus::True, "Yes"));
  ListenerReport a = listener("a", 81);
  a.attached_routes = 3;
  const auto after = finish(gateway({a, listener("b", 80)}), apply, before);
  ASSERT_EQ(after.listeners.size(), 2u);
  EXPECT_EQ(after.listeners[0].name, "a");
  EXPECT_EQ(after.listeners[0].attached_routes, 3);
  EXPECT_NE(testing::find(after.listeners[0].conditions, "example.com/Seen"), nullptr);
  EXPECT_EQ(after.listeners[1], before.listeners[0]);
}

TEST(FinishGateway, NotesEndInTheMessageOfAccepted) {
  GatewayReport report = gateway({listener("http", 80)});
  report.notes = {"spec.tls is not served yet"};
  report.listeners[0].notes = {"options are ignored"};
  const auto status = finish(report, applied({address("127.0.0.1", 80)}));
  EXPECT_EQ(testing::find(status.conditions, "Accepted")->message,
            "the Gateway is accepted; spec.tls is not served yet");
  EXPECT_EQ(testing::find(status.listeners[0].conditions, "Accepted")->message,
            "the listener is accepted; options are ignored");
}

struct ParentRow {
  std::string_view what;
  std::function<void(resolve::ParentReport&)> change;
  std::string_view conditions;
};
const ParentRow parent_rows[] = {
    {"attached", [](auto&) {}, "Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs"},
    {"not allowed, references judged all the same",
     [](auto& p) { p.accepted = {{"", "NotAllowedByListeners", "Same"}}; },
     "Accepted=False/NotAllowedByListeners ResolvedRefs=True/ResolvedRefs"},
    {"bad backend", [](auto& p) { p.resolved_refs = {{"", "BackendNotFound", "x"}, {"", "RefNotPermitted", "y"}}; },
     "Accepted=True/Accepted ResolvedRefs=False/BackendNotFound"},
    {"part of it dropped", [](auto& p) { p.dropped = {{"spec.rules[1]", "IncompatibleFilters", "x"}}; },
     "Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs PartiallyInvalid=True/IncompatibleFilters"},
    {"class pending", [](auto& p) { p.pending = true; }, "Accepted=Unknown/Pending"},
};

TEST(FinishRoute, EachRowOfTheRules) {
  for (const ParentRow& row : parent_rows) {
    resolve::ParentReport report = parent("gw");
    row.change(report);
    const auto status = finish(route({report}));
    ASSERT_EQ(status.parents.size(), 1u) << row.what;
    EXPECT_EQ(shown(status.parents[0].conditions), row.conditions) << row.what;
    EXPECT_EQ(status.parents[0].controller_name, testing::us);
    EXPECT_EQ(status.parents[0].parent_ref, report.ref);
  }
}

TEST(FinishRoute, EntriesOfOthersStayAndOursFollowTheParentRefs) {
  const api::RouteParentStatus theirs{.parent_ref = parent("gw").ref,
                                      .controller_name = "example.com/other",
                                      .conditions = {condition("Accepted", ConditionStatus::True, "Accepted", 99)}};
  api::RouteStatus before = finish(route({parent("old"), parent("gw")}));
  before.parents = {before.parents[0], theirs, before.parents[1]};
  const auto after = finish(route({parent("new"), parent("gw")}), before);
  ASSERT_EQ(after.parents.size(), 3u);
  EXPECT_EQ(after.parents[0], theirs);
  EXPECT_EQ(after.parents[1], before.parents[2]);  // with its time
  EXPECT_EQ(after.parents[2].parent_ref.name, "new");
}

TEST(FinishRoute, OursGoWithTheLastParentRef) {
  EXPECT_TRUE(finish(route({}), finish(route({parent("gw")}))).parents.empty());
}

TEST(FinishRoute, SectionsOfOneGatewayAreParentsOfTheirOwn) {
  resolve::ParentReport a = parent("gw");
  resolve::ParentReport b = parent("gw");
  a.ref.section_name = "a";
  b.ref.section_name = "b";
  b.accepted = {{"", "NoMatchingParent", "no such listener"}};
  const auto status = finish(route({a, b}));
  ASSERT_EQ(status.parents.size(), 2u);
  EXPECT_EQ(shown(status.parents[1].conditions), "Accepted=False/NoMatchingParent ResolvedRefs=True/ResolvedRefs");
}

resolve::StatusReport small_world() {
  resolve::StatusReport report;
  report.controller_name = testing::us;
  report.classes = {{.object = {.key = {api::Kind::GatewayClass, "", "pintle"}, .uid = "c", .generation = 4},
                     .accepted = {},
                     .unsupported_version = {},
                     .installed = "all of it",
                     .supported_features = {"Gateway", "HTTPRoute"}}};
  report.gateways = {gateway({listener("http", 80)})};
  report.gateways[0].listeners[0].sockets = {address("127.0.0.1", 80)};
  report.routes = {testing::shared(route({parent("gw")}))};
  return report;
}

TEST(Finish, ClassesCarryTheirFeatures) {
  resolve::StatusReport report = small_world();
  const auto patches = finish_status(report, applied({address("127.0.0.1", 80)}), {}, at(1));
  ASSERT_EQ(patches.size(), 3u);
  EXPECT_EQ(patches[0].key, report.classes[0].object.key);
  EXPECT_EQ(patches[0].uid, "c");
  EXPECT_EQ(patches[0].generation, 4);
  const auto& status = std::get<api::GatewayClassStatus>(*patches[0].status);
  EXPECT_EQ(shown(status.conditions), "Accepted=True/Accepted SupportedVersion=True/SupportedVersion");
  EXPECT_EQ(status.supported_features, report.classes[0].supported_features);
  EXPECT_EQ(status.conditions[0].observed_generation, 4);
  EXPECT_EQ(status.conditions[1].message, "all of it");
  report.classes[0].unsupported_version = "of v9";
  EXPECT_EQ(shown(std::get<api::GatewayClassStatus>(
                      *finish_status(report, applied({address("127.0.0.1", 80)}), {}, at(1))[0].status)
                      .conditions),
            "Accepted=True/Accepted SupportedVersion=False/UnsupportedVersion");
  report.classes[0].unsupported_version.clear();
  report.classes[0].accepted = {{"spec.parametersRef", "InvalidParameters", "none is known"}};
  EXPECT_EQ(
      shown(std::get<api::GatewayClassStatus>(*finish_status(report, applied({}), {}, at(1))[0].status).conditions),
      "Accepted=False/InvalidParameters SupportedVersion=True/SupportedVersion");
}

TEST(Finish, FedBackItHasNothingToSay) {
  const resolve::StatusReport report = small_world();
  const runtime::ApplyReport apply = applied({address("127.0.0.1", 80)});
  Statuses written;
  for (const StatusPatch& patch : finish_status(report, apply, {}, at(1))) written[patch.key] = patch.status;
  EXPECT_TRUE(finish_status(report, apply, written, at(50)).empty());
}

TEST(Finish, AGatewayThatOtherReplicasLackIsHeldAndThenPending) {
  resolve::StatusReport report = small_world();
  report.gateways[0].listeners[0].sockets = {address("127.0.0.1", 80)};
  const runtime::ApplyReport apply = applied({address("127.0.0.1", 80)});
  const api::ObjectKey key = report.gateways.at(0).object.key;
  Lags lags{{key, {.stage = Lag::Stage::Held, .serving = 1, .replicas = 3}}};
  const auto finish_gateway = [&]() -> std::optional<api::GatewayStatus> {
    for (const StatusPatch& patch :
         finish_status({.report = report, .apply = apply, .previous = {}, .now = at(1), .lags = &lags}))
      if (patch.key == key) return std::get<api::GatewayStatus>(*patch.status);
    return std::nullopt;
  };
  EXPECT_FALSE(finish_gateway()) << "routes and classes are told all the same";
  lags.at(key).stage = Lag::Stage::Told;
  const auto told = finish_gateway();
  ASSERT_TRUE(told);
  EXPECT_EQ(shown(told->conditions), "Accepted=True/Accepted Programmed=False/Pending ResolvedRefs=True/ResolvedRefs");
  EXPECT_EQ(testing::find(told->conditions, "Programmed")->message, "served by 1 of 3 replicas");
  EXPECT_EQ(testing::find(told->listeners.at(0).conditions, "Programmed")->message, "served by 1 of 3 replicas");
  EXPECT_FALSE(told->addresses.empty());
  lags.clear();
  EXPECT_EQ(shown(finish_gateway()->conditions), sound);
}

TEST(Finish, PatchesComeInTheOrderOfTheirKeys) {
  resolve::StatusReport report = small_world();
  resolve::RouteReport another = *report.routes[0];
  another.object.key.name = "a";
  report.routes.push_back(testing::shared(std::move(another)));
  const auto patches = finish_status(report, applied({}), {}, at(1));
  EXPECT_TRUE(std::ranges::is_sorted(patches, {}, &StatusPatch::key));
  EXPECT_EQ(patches.size(), 4u);
}

}  // namespace
}  // namespace pintle::status
