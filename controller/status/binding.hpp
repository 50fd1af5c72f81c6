// What became of the sockets of a Gateway: the part of its status that only the data plane can tell.
#pragma once
#include <map>
#include <string>
#include <vector>

#include <pintle/runtime/apply_report.hpp>

#include "controller/status/conditions.hpp"

namespace pintle::status {

/// The socket results of a report by address. Views into the report.
class SocketResults {
 public:
  explicit SocketResults(const runtime::ApplyReport& apply);
  [[nodiscard]] const runtime::SocketResult* find(const runtime::SocketAddress& address) const;
  [[nodiscard]] const runtime::ApplyReport& apply() const noexcept { return apply_; }

 private:
  const runtime::ApplyReport& apply_;
  std::map<runtime::SocketAddress, const runtime::SocketResult*> by_address_;
};

/// The Programmed condition of a listener of `report`.
[[nodiscard]] Verdict judge_programmed(const resolve::GatewayReport& report, const resolve::ListenerReport& listener,
                                       const SocketResults& results);

/// The Programmed condition of a Gateway that has been judged and is accepted.
[[nodiscard]] Verdict judge_programmed(const resolve::GatewayReport& report, const SocketResults& results);

/// The assigned addresses at which something is bound, in the order of the report.
[[nodiscard]] std::vector<api::GatewayStatusAddress> bound_addresses(const resolve::GatewayReport& report,
                                                                     const SocketResults& results);

}  // namespace pintle::status
