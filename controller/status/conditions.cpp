#include "controller/status/conditions.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace pintle::status {
namespace {

using MakeVerdict = Verdict (*)(std::string);

/// The constructors a problem may choose from. The first stands in for a reason that is none of them, which is a fault
/// of ours: better a coarse reason than one the API does not know.
[[nodiscard]] Verdict choose(std::span<const MakeVerdict> known, std::string_view reason, std::string message) {
  for (const MakeVerdict make : known)
    if (Verdict made = make({}); made.reason == reason) {
      made.message = std::move(message);
      return made;
    }
  return known.front()(std::move(message));
}

[[nodiscard]] Verdict choose(std::span<const MakeVerdict> known, const resolve::Problems& problems) {
  return choose(known, problems.empty() ? std::string_view() : problems.front().reason, describe(problems));
}

[[nodiscard]] std::string describe(const resolve::Problem& problem) {
  return problem.field_path.empty() ? problem.message : fmt::format("{}: {}", problem.field_path, problem.message);
}

}  // namespace

std::string describe(const resolve::Problems& problems) {
  constexpr std::size_t shown_most = 16;  // the API takes 32768 bytes, a reader fewer
  std::vector<std::string> shown;
  std::size_t left_out = 0;
  for (const resolve::Problem& problem : problems) {
    std::string text = describe(problem);
    if (std::ranges::find(shown, text) != shown.end()) continue;
    if (shown.size() < shown_most)
      shown.push_back(std::move(text));
    else
      ++left_out;
  }
  std::string all = fmt::format("{}", fmt::join(shown, "; "));
  if (left_out > 0) all += fmt::format("; and {} more", left_out);
  return all;
}

Verdict gateway_class::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {invalid_parameters};
  return choose(known, problems);
}

Verdict gateway::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {listeners_not_valid, invalid_parameters, unsupported_address};
  return choose(known, problems);
}
Verdict gateway::refused_programmed(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {programmed_pending, address_not_assigned, address_not_usable, no_resources,
                                          programmed_invalid};
  return choose(known, problems);
}
Verdict gateway::refused_refs(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {listeners_not_resolved, ref_not_permitted, invalid_client_certificate_ref};
  return choose(known, problems);
}

Verdict listener::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {invalid,           port_unavailable,        unsupported_protocol,
                                          unsupported_value, no_valid_ca_certificate, hostname_conflict,
                                          protocol_conflict, listener_conflict,       too_many_listeners};
  return choose(known, problems);
}
Verdict listener::refused_programmed(const resolve::Problem& conflict) {
  static constexpr MakeVerdict known[] = {programmed_hostname, programmed_protocol, programmed_conflict};
  return choose(known, conflict.reason, describe(conflict));
}
Verdict listener::refused_refs(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {invalid_certificate_ref, invalid_route_kinds, ref_not_permitted,
                                          invalid_ca_certificate_ref, invalid_ca_certificate_kind};
  return choose(known, problems);
}
Verdict listener::conflicted(const resolve::Problem& conflict) {
  static constexpr MakeVerdict known[] = {conflicted_hostname, conflicted_protocol, conflicted_port};
  return choose(known, conflict.reason, describe(conflict));
}
Verdict listener::overlapping(const resolve::Problem& overlap) {
  static constexpr MakeVerdict known[] = {overlapping_hostnames, overlapping_certificates};
  return choose(known, overlap.reason, describe(overlap));
}

Verdict listener_set::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {not_allowed, parent_not_accepted, listeners_not_valid};
  return choose(known, problems);
}

Verdict parent::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {unsupported_value, not_allowed_by_listeners, no_matching_listener_hostname,
                                          no_matching_parent, incompatible_filters};
  return choose(known, problems);
}
Verdict parent::refused_refs(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {backend_not_found, ref_not_permitted, invalid_kind, unsupported_protocol};
  return choose(known, problems);
}
Verdict policy::refused_accepted(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {invalid, conflicted, target_not_found, no_valid_ca_certificate};
  return choose(known, problems);
}
Verdict policy::refused_refs(const resolve::Problems& problems) {
  static constexpr MakeVerdict known[] = {invalid_ca_certificate_ref, invalid_kind};
  return choose(known, problems);
}
Verdict parent::dropped_rules(const resolve::Problems& problems) {
  static constexpr std::string_view begins = "Dropped Rule";
  Verdict made = refused_accepted(problems);
  made.type = type::PartiallyInvalid;
  made.status = api::ConditionStatus::True;
  if (!made.message.starts_with(begins)) made.message = fmt::format("{}: {}", begins, made.message);
  return made;
}

}  // namespace pintle::status
