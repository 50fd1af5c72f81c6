#include "test/unit/controller/status/reports.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pintle::status::testing {
namespace {

template <class Status>
Status only_status(const resolve::StatusReport& report, const runtime::ApplyReport& apply, const Statuses& previous) {
  const std::vector<StatusPatch> patches = finish_status(report, apply, previous, at(100));
  EXPECT_EQ(patches.size(), 1u);
  return patches.empty() ? Status{} : std::get<Status>(*patches.front().status);
}

}  // namespace

Wall at(int seconds) { return Wall{std::chrono::seconds{1'750'000'000 + seconds}}; }

runtime::SocketAddress address(std::string_view ip, std::uint16_t port) {
  runtime::SocketAddress made;
  EXPECT_TRUE(runtime::parse_ip(ip, made)) << ip;
  made.port = port;
  return made;
}

std::string shown(const std::vector<api::Condition>& conditions) {
  std::string text;
  for (const api::Condition& one : conditions)
    text += fmt::format("{}{}={}/{}", text.empty() ? "" : " ", one.type, api::to_string(one.status), one.reason);
  return text;
}

const api::Condition* find(const std::vector<api::Condition>& conditions, std::string_view type) {
  const auto found = std::ranges::find(conditions, type, &api::Condition::type);
  return found == conditions.end() ? nullptr : &*found;
}

api::Condition condition(std::string_view type, api::ConditionStatus status, std::string_view reason,
                         std::int64_t generation, Wall time) {
  return {.type = std::string(type),
          .status = status,
          .observed_generation = generation,
          .last_transition_time = time,
          .reason = std::string(reason),
          .message = "before"};
}

resolve::ListenerReport listener(std::string name, std::uint16_t port) {
  resolve::ListenerReport made;
  made.name = std::move(name);
  made.port = port;
  made.supported_kinds = {{.kind = "HTTPRoute"}};
  made.served = true;
  return made;
}

resolve::GatewayReport gateway(std::vector<resolve::ListenerReport> listeners) {
  resolve::GatewayReport made;
  made.object = {.key = {api::Kind::Gateway, "default", "gw"}, .uid = "g", .generation = 1};
  made.addresses = {{.address = address("127.0.0.1"), .origin = resolve::AddressOrigin::Default}};
  made.listeners = std::move(listeners);
  return made;
}

resolve::RouteReportPtr shared(resolve::RouteReport report) {
  return std::make_shared<const resolve::RouteReport>(std::move(report));
}

resolve::RouteReport route(std::vector<resolve::ParentReport> parents) {
  return {.object = {.key = {api::Kind::HTTPRoute, "default", "r"}, .uid = "r", .generation = 1},
          .parents = std::move(parents)};
}

resolve::ParentReport parent(std::string gateway_name) {
  resolve::ParentReport made;
  made.ref.name = std::move(gateway_name);
  return made;
}

runtime::ApplyReport applied(const std::vector<runtime::SocketAddress>& bound,
                             const std::vector<std::pair<runtime::SocketAddress, Error>>& faults) {
  runtime::ApplyReport made;
  made.generation = Generation{7};
  made.workers = 2;
  made.acknowledged = 2;
  for (const runtime::SocketAddress& one : bound)
    made.sockets.push_back({SocketId{static_cast<std::uint32_t>(made.sockets.size())}, one, std::nullopt});
  for (const auto& [one, error] : faults)
    made.sockets.push_back({SocketId{static_cast<std::uint32_t>(made.sockets.size())}, one, error});
  return made;
}

api::GatewayStatus finish(const resolve::GatewayReport& report, const runtime::ApplyReport& apply,
                          const api::GatewayStatus& previous) {
  resolve::StatusReport all;
  all.controller_name = us;
  all.gateways = {report};
  for (resolve::ListenerReport& listener : all.gateways[0].listeners) {
    if (!listener.served || !listener.sockets.empty()) continue;
    for (const resolve::AssignedAddress& assigned : report.addresses) {
      listener.sockets.push_back(assigned.address);
      listener.sockets.back().port = static_cast<std::uint16_t>(listener.port + report.port_offset);
    }
  }
  return only_status<api::GatewayStatus>(all, apply,
                                         {{report.object.key, std::make_shared<const StatusValue>(previous)}});
}

api::RouteStatus finish(const resolve::RouteReport& report, const api::RouteStatus& previous) {
  resolve::StatusReport all;
  all.controller_name = us;
  all.routes = {shared(report)};
  return only_status<api::RouteStatus>(all, applied({}),
                                       {{report.object.key, std::make_shared<const StatusValue>(previous)}});
}

}  // namespace pintle::status::testing
