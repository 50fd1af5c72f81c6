// A Lease as JSON. Private to this module.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "controller/reconcile/election.hpp"

namespace pintle::reconcile {

/// nullopt if it is no Lease.
[[nodiscard]] std::optional<LeaseRecord> read_lease(std::string_view text);
struct LeaseName {
  std::string_view ns, name;
};
/// The whole object for a POST (without resource version) or PUT.
[[nodiscard]] std::string lease_text(LeaseName name, const LeaseRecord& record);

}  // namespace pintle::reconcile
