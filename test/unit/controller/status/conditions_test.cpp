#include "controller/status/conditions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::status {
namespace {

using Refuse = Verdict (*)(const resolve::Problems&);

struct Row {
  Refuse refuse;
  std::string_view type;
  std::vector<std::string_view> reasons;
};

// The reasons for False that the API lists for each condition, spelled out here a second time on purpose.
const Row rows[] = {
    {gateway_class::refused_accepted, "Accepted", {"InvalidParameters"}},
    {gateway::refused_accepted, "Accepted", {"InvalidParameters", "UnsupportedAddress", "ListenersNotValid"}},
    {gateway::refused_programmed,
     "Programmed",
     {"Invalid", "Pending", "NoResources", "AddressNotAssigned", "AddressNotUsable"}},
    {gateway::refused_refs, "ResolvedRefs", {"RefNotPermitted", "InvalidClientCertificateRef", "ListenersNotResolved"}},
    {listener::refused_accepted,
     "Accepted",
     {"PortUnavailable", "UnsupportedProtocol", "UnsupportedValue", "Invalid", "NoValidCACertificate",
      "HostnameConflict", "ProtocolConflict", "ListenerConflict", "TooManyListeners"}},
    {listener_set::refused_accepted, "Accepted", {"NotAllowed", "ParentNotAccepted", "ListenersNotValid"}},
    {listener::refused_refs,
     "ResolvedRefs",
     {"InvalidCertificateRef", "InvalidRouteKinds", "RefNotPermitted", "InvalidCACertificateRef",
      "InvalidCACertificateKind"}},
    {parent::refused_accepted,
     "Accepted",
     {"NotAllowedByListeners", "NoMatchingListenerHostname", "NoMatchingParent", "UnsupportedValue",
      "IncompatibleFilters"}},
    {parent::refused_refs,
     "ResolvedRefs",
     {"RefNotPermitted", "InvalidKind", "BackendNotFound", "UnsupportedProtocol"}},
};

TEST(Conditions, TheFirstProblemNamesTheReason) {
  for (const Row& row : rows)
    for (const std::string_view reason : row.reasons) {
      const Verdict made = row.refuse({{"spec.x", std::string(reason), "one"}, {"", "Other", "two"}});
      EXPECT_EQ(made.type, row.type) << reason;
      EXPECT_EQ(made.reason, reason);
      EXPECT_EQ(made.status, api::ConditionStatus::False) << reason;
      EXPECT_EQ(made.message, "spec.x: one; two");
    }
}

TEST(Conditions, AReasonTheApiDoesNotKnowIsNeverWritten) {
  for (const Row& row : rows) {
    const Verdict made = row.refuse({{"", "Bogus", "what"}});
    EXPECT_THAT(row.reasons, ::testing::Contains(made.reason));
    EXPECT_EQ(made.message, "what");
  }
}

TEST(Conditions, ConflictAndOverlap) {
  EXPECT_EQ(listener::conflicted({"", "HostnameConflict", "m"}).reason, "HostnameConflict");
  EXPECT_EQ(listener::conflicted({"", "ProtocolConflict", "m"}).reason, "ProtocolConflict");
  EXPECT_EQ(listener::conflicted({"", "ProtocolConflict", "m"}).status, api::ConditionStatus::True);
  EXPECT_EQ(listener::conflicted({"", "ListenerConflict", "m"}).reason, "ListenerConflict");
  for (const char* reason : {"HostnameConflict", "ProtocolConflict", "ListenerConflict"})
    EXPECT_EQ(listener::refused_programmed({"", reason, "m"}).reason, reason);
  EXPECT_EQ(listener::overlapping({"", "OverlappingHostnames", "m"}).reason, "OverlappingHostnames");
  EXPECT_EQ(listener::overlapping({"", "OverlappingCertificates", "m"}).reason, "OverlappingCertificates");
}

TEST(Conditions, DroppedRulesBeginAsTheApiAsks) {
  const Verdict made = parent::dropped_rules({{"spec.rules[1]", "IncompatibleFilters", "two redirects"}});
  EXPECT_EQ(made.type, "PartiallyInvalid");
  EXPECT_EQ(made.status, api::ConditionStatus::True);
  EXPECT_EQ(made.reason, "IncompatibleFilters");
  EXPECT_EQ(made.message, "Dropped Rule: spec.rules[1]: two redirects");
  EXPECT_EQ(parent::dropped_rules({{"", "UnsupportedValue", "Dropped Rule 1: x"}}).message, "Dropped Rule 1: x");
}

TEST(Conditions, MessagesAreFiniteAndSayEachThingOnce) {
  EXPECT_EQ(describe({{"a", "R", "x"}, {"a", "R", "x"}, {"b", "R", "x"}}), "a: x; b: x");
  resolve::Problems many;
  for (int i = 0; i < 1000; ++i) many.push_back({"", "R", std::to_string(i)});
  EXPECT_THAT(describe(many), ::testing::EndsWith("15; and 984 more"));
}

}  // namespace
}  // namespace pintle::status
