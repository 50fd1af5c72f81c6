#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "controller/resolve/gateways.hpp"
#include "controller/resolve/hostnames.hpp"
#include "controller/resolve/reasons.hpp"
#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

bool same_port(const JudgedListener& a, const JudgedListener& b) noexcept { return port_of(a) == port_of(b); }

std::string show(const std::vector<std::string>& listeners) {
  return fmt::format("listener{} {}", listeners.size() == 1 ? "" : "s", fmt::join(listeners, ", "));
}

/// What is shared with other listeners, if anything.
struct Clash {
  std::string_view reason;
  std::string what;  ///< "port 80 and hostname a.example are shared"
};

Clash clash_of_protocols(const JudgedListener& one) {
  return {reason::protocol_conflict, fmt::format("port {} is shared, but not the protocol,", one.spec->port)};
}
Clash clash_of_hosts(const JudgedListener& one) {
  return {reason::hostname_conflict, fmt::format("port {} and hostname {} are shared", one.spec->port, one.hostname)};
}

void refuse(JudgedListener& listener, const Clash& clash, const std::string& with) {
  ListenerReport& report = listener.report;
  report.conflict = Problem{field_of(listener), std::string(clash.reason), fmt::format("{} with {}", clash.what, with)};
  // A protocol that is not served stays the first thing to say about a listener.
  report.accepted.push_back(*report.conflict);
}

/// Among the listeners of one object.
std::optional<std::pair<Clash, std::string>> find_clash(std::span<const JudgedListener> listeners,
                                                        const JudgedListener& one) {
  std::vector<std::string> by_protocol;
  std::vector<std::string> by_host;
  for (const JudgedListener& other : listeners) {
    if (&other == &one || other.protocol == nullptr || other.report.conflict || !same_port(one, other)) continue;
    if (other.protocol->wire != one.protocol->wire)
      by_protocol.push_back(other.spec->name);
    else if (other.hostname == one.hostname)
      by_host.push_back(other.spec->name);
  }
  if (by_protocol.empty() && by_host.empty()) return std::nullopt;
  const Clash clash = by_protocol.empty() ? clash_of_hosts(one) : clash_of_protocols(one);
  return std::pair(clash, show(by_protocol.empty() ? by_host : by_protocol) + "; none of them is served");
}

/// What the listeners that come before have of the ports, and who has it.
class Claims {
 public:
  void add(const JudgedListener& listener) {
    Port& port = ports_[port_of(listener)];
    port.wires.emplace(listener.protocol->wire, &listener);
    port.hosts.emplace(std::pair(listener.protocol->wire, std::string_view(listener.hostname)), &listener);
  }

  /// Refuses a listener of a set that wants what is claimed. Where nothing but the port tells traffic apart, or where
  /// both protocol and hostname are in the way, the reason is ListenerConflict.
  void judge(const JudgedGateway& gateway, JudgedListener& listener) const {
    const auto found = ports_.find(port_of(listener));
    if (found == ports_.end()) return;
    const Port& port = found->second;
    const Wire wire = listener.protocol->wire;
    const auto host = port.hosts.find({wire, listener.hostname});
    const auto other = std::ranges::find_if(port.wires, [wire](const auto& claimed) { return claimed.first != wire; });
    const bool by_host = host != port.hosts.end();
    const bool by_protocol = other != port.wires.end();
    if (!by_host && !by_protocol) return;
    Clash clash = by_protocol ? clash_of_protocols(listener) : clash_of_hosts(listener);
    if (by_host && (by_protocol || !listener.protocol->has_hostname))
      clash = {reason::listener_conflict, fmt::format("port {} is shared", listener.spec->port)};
    const JudgedListener& first = by_protocol ? *other->second : *host->second;
    refuse(listener, clash, fmt::format("{}, which comes first", describe(gateway, listener, first)));
  }

 private:
  struct Port {
    std::map<Wire, const JudgedListener*> wires;
    std::map<std::pair<Wire, std::string_view>, const JudgedListener*> hosts;
  };

  /// No more than its author may know: the Gateway he names himself, and what is in his own namespace.
  static std::string describe(const JudgedGateway& gateway, const JudgedListener& to, const JudgedListener& first) {
    if (first.set == nullptr) return fmt::format("a listener of Gateway {}", name_of(gateway.object->metadata));
    const bool near = first.set->metadata.ns == to.set->metadata.ns;
    return near ? fmt::format("listener {} of ListenerSet {}", first.spec->name, name_of(first.set->metadata))
                : std::string("a listener of a ListenerSet of another namespace");
  }

  std::map<ListenerPort, Port> ports_;
};

/// The listeners of the Gateway, then those of each set.
template <class Visit>
void for_each_object(JudgedGateway& gateway, Visit visit) {
  const std::span<JudgedListener> all(gateway.listeners);
  visit(all.first(gateway.own));
  for (const JudgedSet& set : gateway.sets) visit(all.subspan(set.first, set.last - set.first));
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

Problem make_overlap(std::string_view reason, const JudgedListener& one, const std::vector<std::string>& others,
                     std::string_view what) {
  return {field_of(one), std::string(reason),
          fmt::format("{} with {} of the same port: a client may use one connection for both, and is answered "
                      "421 for hosts that are not of the listener it connected to",
                      what, show(others))};
}

struct Overlaps {
  std::vector<std::string> by_host;
  std::vector<std::string> by_certificate;

  void look_at(const JudgedListener& one, const JudgedListener& other) {
    if (&other == &one || !is_https(other) || !same_port(one, other)) return;
    const std::string name = other.set == one.set ? other.spec->name : other.spec->name + " of the Gateway";
    if (hostnames_overlap(one, other)) by_host.push_back(name);
    if (certificates_reach(one, other) || certificates_reach(other, one)) by_certificate.push_back(name);
  }
};

}  // namespace

/// What loses against those that come before claims nothing. What the Gateway itself contradicts is not served, and is
/// nobody else's all the same: a slip of its author must not give a hostname of his away. A slip in a set claims
/// nothing: it must not take the port from the sets that come later (GEP-1713: the first in the order is accepted).
void judge_conflicts(JudgedGateway& gateway) {
  Claims claims;
  for_each_object(gateway, [&](std::span<JudgedListener> listeners) {
    for (JudgedListener& one : listeners)
      if (one.set != nullptr && one.protocol != nullptr) claims.judge(gateway, one);
    std::vector<std::optional<std::pair<Clash, std::string>>> clashes;
    // of a protocol that is not known nothing can be said
    for (const JudgedListener& one : listeners)
      clashes.push_back(one.protocol == nullptr || one.report.conflict ? std::nullopt : find_clash(listeners, one));
    for (std::size_t at = 0; at < listeners.size(); ++at) {
      JudgedListener& one = listeners[at];
      const bool slip_of_set = one.set != nullptr && clashes[at];
      if (one.protocol != nullptr && !one.report.conflict && !slip_of_set) claims.add(one);
      if (clashes[at]) refuse(one, clashes[at]->first, clashes[at]->second);
    }
  });
}

void judge_overlaps(JudgedGateway& gateway) {
  const auto own = std::span(gateway.listeners).first(gateway.own);
  for_each_object(gateway, [&](std::span<JudgedListener> listeners) {
    for (JudgedListener& one : listeners) {
      if (!is_https(one)) continue;
      Overlaps overlaps;
      for (const JudgedListener& other : listeners) overlaps.look_at(one, other);
      if (one.set != nullptr)
        for (const JudgedListener& other : own) overlaps.look_at(one, other);
      // Where both hold, certificates are the reason that the API wants to be given.
      if (!overlaps.by_certificate.empty())
        one.report.overlap =
            make_overlap(reason::overlapping_certificates, one, overlaps.by_certificate, "the certificates overlap");
      else if (!overlaps.by_host.empty())
        one.report.overlap =
            make_overlap(reason::overlapping_hostnames, one, overlaps.by_host, "the hostname overlaps");
    }
  });
}

}  // namespace pintle::resolve
