#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/hostnames.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::resolve {
namespace {

bool same_port(const JudgedListener& a, const JudgedListener& b) noexcept { return port_of(a) == port_of(b); }

std::string show(const std::vector<std::string>& listeners) {
  return fmt::format("listener{} {}", listeners.size() == 1 ? "" : "s", fmt::join(listeners, ", "));
}

Problem make_conflict(std::string_view reason, std::size_t index, const std::vector<std::string>& others,
                      const std::string& what) {
  return {fmt::format("spec.listeners[{}]", index), std::string(reason),
          fmt::format("{} with {}; none of them is served", what, show(others))};
}

std::optional<Problem> find_conflict(const std::vector<JudgedListener>& listeners, std::size_t index) {
  const JudgedListener& one = listeners[index];
  if (one.protocol == nullptr) return std::nullopt;  // of a protocol that is not known nothing can be said
  std::vector<std::string> by_protocol;
  std::vector<std::string> by_host;
  for (const JudgedListener& other : listeners) {
    if (&other == &one || other.protocol == nullptr || !same_port(one, other)) continue;
    if (other.protocol->wire != one.protocol->wire)
      by_protocol.push_back(other.spec->name);
    else if (other.hostname == one.hostname)
      by_host.push_back(other.spec->name);
  }
  if (!by_protocol.empty())
    return make_conflict(reason::protocol_conflict, index, by_protocol,
                         fmt::format("port {} is shared, but not the protocol,", one.spec->port));
  if (!by_host.empty())
    return make_conflict(reason::hostname_conflict, index, by_host,
                         fmt::format("port {} and hostname {} are shared", one.spec->port, one.hostname));
  return std::nullopt;
}

bool is_https(const JudgedListener& listener) noexcept {
  return listener.spec->protocol == "HTTPS" && !listener.report.conflict;
}

bool hostnames_overlap(const JudgedListener& a, const JudgedListener& b) noexcept {
  return !intersect_hosts(a.hostname, b.hostname).empty();
}

/// A certificate of `a` would be believed for the host of `b`.
bool certificates_reach(const JudgedListener& a, const JudgedListener& b) noexcept {
  return std::ranges::any_of(a.certificates, [&](const CertificatePtr& certificate) {
    return std::ranges::any_of(certificate->dns_names,
                               [&](const std::string& name) { return certificate_covers(name, b.hostname); });
  });
}

Problem make_overlap(std::string_view reason, std::size_t index, const std::vector<std::string>& others,
                     std::string_view what) {
  return {fmt::format("spec.listeners[{}]", index), std::string(reason),
          fmt::format("{} with {} of the same port: a client may use one connection for both, and is answered "
                      "421 for hosts that are not of the listener it connected to",
                      what, show(others))};
}

}  // namespace

void judge_conflicts(std::vector<JudgedListener>& listeners) {
  for (std::size_t at = 0; at < listeners.size(); ++at) {
    std::optional<Problem> conflict = find_conflict(listeners, at);
    if (!conflict) continue;
    ListenerReport& report = listeners[at].report;
    // A protocol that is not served stays the first thing to say about a listener.
    report.accepted.push_back(*conflict);
    report.conflict = std::move(conflict);
  }
}

void judge_overlaps(std::vector<JudgedListener>& listeners) {
  for (std::size_t at = 0; at < listeners.size(); ++at) {
    JudgedListener& one = listeners[at];
    if (!is_https(one)) continue;
    std::vector<std::string> by_host;
    std::vector<std::string> by_certificate;
    for (const JudgedListener& other : listeners) {
      if (&other == &one || !is_https(other) || !same_port(one, other)) continue;
      if (hostnames_overlap(one, other))
        by_host.push_back(other.spec->name);
      else if (certificates_reach(one, other) || certificates_reach(other, one))
        by_certificate.push_back(other.spec->name);
    }
    if (!by_host.empty())
      one.report.overlap = make_overlap(reason::overlapping_hostnames, at, by_host, "the hostname overlaps");
    else if (!by_certificate.empty())
      one.report.overlap =
          make_overlap(reason::overlapping_certificates, at, by_certificate, "the certificates overlap");
  }
}

}  // namespace pintle::resolve
