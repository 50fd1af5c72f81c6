// Small reports, and a short form of statuses to compare with.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controller/status/finish.hpp"

namespace pintle::status::testing {

inline constexpr std::string_view us = "pintle.dev/gateway-controller";

[[nodiscard]] Wall at(int seconds);
[[nodiscard]] runtime::SocketAddress address(std::string_view ip, std::uint16_t port = 0);
/// "Accepted=True/Accepted Programmed=False/Pending", in their order.
[[nodiscard]] std::string shown(const std::vector<api::Condition>& conditions);
[[nodiscard]] const api::Condition* find(const std::vector<api::Condition>& conditions, std::string_view type);
[[nodiscard]] api::Condition condition(std::string_view type, api::ConditionStatus status, std::string_view reason,
                                       std::int64_t generation = 1, Wall time = at(0));

/// Accepted and served, on `port`.
[[nodiscard]] resolve::ListenerReport listener(std::string name, std::uint16_t port);
/// "default/gw" of generation 1, at 127.0.0.1.
[[nodiscard]] resolve::GatewayReport gateway(std::vector<resolve::ListenerReport> listeners);
[[nodiscard]] resolve::RouteReportPtr shared(resolve::RouteReport report);
[[nodiscard]] resolve::RouteReport route(std::vector<resolve::ParentReport> parents);
[[nodiscard]] resolve::ParentReport parent(std::string gateway_name);

/// All workers serve it; `bound` are the sockets that could be bound, `faults` those that could not.
[[nodiscard]] runtime::ApplyReport applied(const std::vector<runtime::SocketAddress>& bound,
                                           const std::vector<std::pair<runtime::SocketAddress, Error>>& faults = {});

/// The one status that finish_status makes of a report; fails the test unless it is one.
[[nodiscard]] api::GatewayStatus finish(const resolve::GatewayReport& report, const runtime::ApplyReport& apply,
                                        const api::GatewayStatus& previous = {});
[[nodiscard]] api::RouteStatus finish(const resolve::RouteReport& report, const api::RouteStatus& previous = {});

}  // namespace pintle::status::testing
