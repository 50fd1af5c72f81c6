// Which changes are events, how often an object is heard, and what is sent.
#include "controller/reconcile/events.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/reconcile/event_writer.hpp"
#include "test/unit/support/posted_api.hpp"

namespace pintle::reconcile {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using enum api::ConditionStatus;

const api::ObjectKey gateway_key{api::Kind::Gateway, "default", "gw"};
const api::ObjectKey route_key{api::Kind::HTTPRoute, "default", "shop"};

api::Condition condition(std::string type, api::ConditionStatus status, std::string reason, std::string message) {
  return {.type = std::move(type), .status = status, .reason = std::move(reason), .message = std::move(message)};
}

status::StatusPatch of_gateway(std::vector<api::Condition> own, std::vector<api::Condition> listener = {}) {
  api::GatewayStatus status;
  status.conditions = std::move(own);
  status.listeners = {{.name = "http", .supported_kinds = {}, .attached_routes = 0, .conditions = std::move(listener)}};
  return {gateway_key, "u1", 1, std::make_shared<const status::StatusValue>(status)};
}

status::StatusPatch of_route(std::vector<std::vector<api::Condition>> parents) {
  std::vector<api::RouteParentStatus> entries;
  for (auto& conditions : parents) {
    api::RouteParentStatus& parent = entries.emplace_back();
    parent.parent_ref.name = std::to_string(entries.size());
    parent.conditions = std::move(conditions);
  }
  const api::RouteStatus status{.parents = std::move(entries)};
  return {route_key, "u2", 1, std::make_shared<const status::StatusValue>(status)};
}

std::vector<std::string> shown(const status::StatusPatch& now, const status::Statuses& before = {}) {
  std::vector<std::string> texts;
  for (const Event& event : derive_events({&now, 1}, before))
    texts.push_back(std::string(event.reason) + ": " + event.note);
  return texts;
}

/// What the object of a patch said before.
status::Statuses said(const status::StatusPatch& before) { return {{before.key, before.status}}; }

TEST(Events, ABecomingIsOneAndAStateIsNone) {
  const auto now = of_gateway({condition("Programmed", True, "Programmed", "listening")});
  EXPECT_THAT(shown(now), ElementsAre("Programmed: listening"));
  const auto was = of_gateway({condition("Programmed", False, "Pending", "")});
  EXPECT_THAT(shown(now, said(was)), ElementsAre("Programmed: listening"));
  const auto other = of_gateway({condition("Programmed", True, "Programmed", "listening on more")});
  EXPECT_THAT(shown(other, said(now)), ElementsAre());
}

TEST(Events, TroubleIsToldOfWhomItMeets) {
  const auto bad = of_gateway({}, {condition("Conflicted", True, "HostnameConflict", "a and b"),
                                   condition("ResolvedRefs", False, "InvalidCertificateRef", "no such Secret"),
                                   condition("Programmed", True, "Programmed", "")});
  EXPECT_THAT(shown(bad),
              ElementsAre("CertificateInvalid: listener http: no such Secret", "Conflict: listener http: a and b"));
  EXPECT_THAT(shown(bad, said(bad)), ElementsAre());
  const auto route = of_route({{condition("ResolvedRefs", False, "BackendNotFound", "no such Service")},
                               {condition("ResolvedRefs", False, "BackendNotFound", "no such Service")}});
  EXPECT_THAT(shown(route), ElementsAre("BackendUnavailable: no such Service")) << "once, under however many parents";
  const auto grant = of_route({{condition("ResolvedRefs", False, "RefNotPermitted", "no grant")}});
  EXPECT_THAT(shown(grant, said(route)), ElementsAre("RefNotPermitted: no grant"));
  EXPECT_THAT(shown(of_route({{condition("ResolvedRefs", True, "ResolvedRefs", "")}})), ElementsAre());
}

Event event(std::string note, const api::ObjectKey& object = gateway_key) {
  return {object, "u1", EventType::Warning, event_reason::conflict, std::move(note)};
}

TEST(EventLimits, ABurstAndThenOneAMinute) {
  EventLimits limits;
  const Monotonic start = Monotonic{} + 1h;
  std::vector<Event> many;
  for (int at = 0; at < 8; ++at) many.push_back(event(std::to_string(at)));
  EXPECT_EQ(limits.admit(many, start).size(), 5U);
  EXPECT_TRUE(limits.admit({{event("x")}}, start + 59s).empty());
  EXPECT_EQ(limits.admit({{event("y")}}, start + 61s).size(), 1U);
  EXPECT_TRUE(limits.admit({{event("z")}}, start + 62s).empty());
  EXPECT_EQ(limits.admit({{event("z", route_key)}}, start + 62s).size(), 1U) << "another object has its own";
}

TEST(EventLimits, TheSameIsASeries) {
  EventLimits limits;
  const Monotonic start = Monotonic{} + 1h;
  const std::vector<Event> same{event("again")};
  const auto first = limits.admit(same, start);
  const auto second = limits.admit(same, start + 1s);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].name, first[0].name);
  EXPECT_EQ(second[0].count, 2);
  for (int at = 0; at < 5; ++at) static_cast<void>(limits.admit(same, start + 2s));
  const auto later = limits.admit(same, start + 5min);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].count, 8) << "those that were not written count too";
  const auto anew = limits.admit(same, start + 16min);
  EXPECT_EQ(anew.at(0).count, 1);
  EXPECT_NE(anew.at(0).name, first[0].name);
}

Now noon() { return {Monotonic{} + 1h, std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 12h}; }

TEST(EventText, IsAnEventOfTheApi) {
  const EventWrite write{event("what\nhappened"), "gw.1", 1};
  const json made = json::parse(event_text(write, {"pintle.dev/gateway-controller", "pod-1"}, noon()));
  EXPECT_EQ(made["eventTime"], "2026-06-01T12:00:00.000000Z");
  EXPECT_EQ(made["regarding"], json({{"apiVersion", "gateway.networking.k8s.io/v1"},
                                     {"kind", "Gateway"},
                                     {"namespace", "default"},
                                     {"name", "gw"},
                                     {"uid", "u1"}}));
  EXPECT_EQ(made["type"], "Warning");
  EXPECT_EQ(made["note"], "what\nhappened");
  EXPECT_EQ(event_path(write), "/apis/events.k8s.io/v1/namespaces/default/events");
  const EventWrite again{event("what"), "gw.1", 3};
  EXPECT_EQ(event_path(again), "/apis/events.k8s.io/v1/namespaces/default/events/gw.1");
  EXPECT_EQ(json::parse(event_text(again, {}, noon()))["series"]["count"], 3);
  const EventWrite of_class{event("x", {api::Kind::GatewayClass, "", "pintle"}), "pintle.1", 1};
  EXPECT_EQ(event_path(of_class), "/apis/events.k8s.io/v1/namespaces/default/events");
  const json note =
      json::parse(event_text({event(std::string(1021, 'a') + "\u00e4\u00e4"), "n", 1}, {}, noon()))["note"];
  EXPECT_EQ(note.get<std::string>(), std::string(1021, 'a') + "...");
}

struct Switch final : kube::Authority {
  [[nodiscard]] bool is_leader() const noexcept override { return on; }
  bool on = true;
};

TEST(EventWriter, OneAtATimeAndNoneAgain) {
  boost::asio::io_context io;
  pintle::testing::PostedApi api(io);
  Switch authority;
  EventWriter writer({api, authority, noon}, {"c", "i"});
  const auto route = of_route({{condition("ResolvedRefs", False, "BackendNotFound", "one")},
                               {condition("ResolvedRefs", False, "RefNotPermitted", "two")}});
  writer.tell({&route, 1}, {});
  EXPECT_EQ(api.unanswered(), 1U);
  api.answer(500);
  EXPECT_EQ(writer.lost(), 1U);
  EXPECT_EQ(api.requests.size(), 2U);
  api.answer(201);
  EXPECT_EQ(api.unanswered(), 0U);
  authority.on = false;
  const auto gateway = of_gateway({condition("Programmed", True, "Programmed", "")});
  writer.tell({&gateway, 1}, {});
  EXPECT_EQ(api.requests.size(), 2U) << "who does not lead says nothing";
}

}  // namespace
}  // namespace pintle::reconcile
