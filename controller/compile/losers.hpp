// Who lost a match to another route, for the status of the loser (req 66): two routes of one listener that claim the
// same host with the same match. The older keeps it, then the one whose name sorts first; the other is told.
// Pure. A HostTable is looked through once, when it is made.
#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include <pintle/route/table.hpp>

#include "controller/resolve/status_report.hpp"

namespace pintle::compile {

/// Both stand in one HostTable, which keeps them alive.
struct Loss {
  const route::Entry* loser = nullptr;
  const route::Entry* winner = nullptr;
};
/// Entries that an entry of another route with the same match comes before, in precedence order.
[[nodiscard]] std::vector<Loss> find_losses(const route::HostTable& table);

/// A loss, and where.
struct Loser {
  std::string gateway;  ///< "namespace/name"
  std::string listener;
  std::uint16_t port = 0;
  std::string host;
  Loss loss;
};

/// Adds a note to each parent of a losing route by which the loss comes about.
void tell_losers(const std::vector<Loser>& losers, resolve::StatusReport& report);

}  // namespace pintle::compile
