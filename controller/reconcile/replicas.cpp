#include "controller/reconcile/replicas.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/base/stable_hash.hpp>

#include "controller/resolve/service_names.hpp"

namespace pintle::reconcile {

namespace {

/// The ports of the listeners that are bound; false if one could not be.
bool add_bound_ports(const std::vector<resolve::ListenerReport>& listeners, const runtime::ApplyReport& apply,
                     std::set<std::uint16_t>& ports) {
  bool all = true;
  for (const resolve::ListenerReport& listener : listeners)
    for (const runtime::SocketAddress& socket : listener.sockets) {
      const auto result = std::ranges::find(apply.sockets, socket, &runtime::SocketResult::address);
      const bool bound = result != apply.sockets.end() && !result->error;
      if (bound) ports.insert(socket.port);
      all &= bound;
    }
  return all;
}

[[nodiscard]] Mark hash_of(std::string_view text) {
  const Mark hash = stable_hash(text);
  return hash == 0 ? 1 : hash;
}

}  // namespace

Mark mark_of(const resolve::GatewayReport& gateway, const runtime::ApplyReport& apply) {
  if (!apply.complete()) return 0;
  std::set<std::uint16_t> ports;
  if (!add_bound_ports(gateway.listeners, apply, ports)) return 0;
  return hash_of(fmt::format("{}/{}/{}", gateway.object.uid, gateway.object.generation, fmt::join(ports, ",")));
}

Mark mark_of(const resolve::GatewayReport& gateway, const resolve::ListenerSetReport& set,
             const runtime::ApplyReport& apply) {
  std::set<std::uint16_t> ports;
  if (!apply.complete() || !set.accepted.empty() || !add_bound_ports(set.listeners, apply, ports)) return 0;
  return hash_of(
      fmt::format("{}/{}/{}/{}", gateway.object.uid, set.object.uid, set.object.generation, fmt::join(ports, ",")));
}

std::set<Mark> served_marks(const resolve::StatusReport& report, const runtime::ApplyReport& apply) {
  std::set<Mark> marks;
  for (const resolve::GatewayReport& gateway : report.gateways) {
    marks.insert(mark_of(gateway, apply));
    for (const resolve::ListenerSetReport& set : gateway.sets) marks.insert(mark_of(gateway, set, apply));
  }
  marks.erase(0);
  return marks;
}

std::string write_marks(const std::set<Mark>& marks) { return fmt::format("{:016x}", fmt::join(marks, " ")); }

std::set<Mark> read_marks(std::string_view text) {
  std::set<Mark> marks;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    Mark mark = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), mark, 16);
    if (fault == std::errc() && end == word.data() + word.size() && mark != 0) marks.insert(mark);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return marks;
}

std::vector<std::string> ready_pods(const store::ClusterSnapshot& snapshot, std::string_view ns,
                                    std::string_view service) {
  std::set<std::string> pods;  // with two families of addresses a pod stands in two slices
  for (const auto* slice : snapshot.find_endpoint_slices(ns, service))
    for (const api::Endpoint& endpoint : slice->endpoints)
      if (endpoint.ready && !endpoint.terminating && !endpoint.target_name.empty()) pods.insert(endpoint.target_name);
  return {pods.begin(), pods.end()};
}

ReplicaCount count_serving(Mark mark, std::span<const Replica> replicas,
                           std::span<const std::string> other_ready_pods) {
  ReplicaCount count;
  for (const std::string& pod : other_ready_pods) {
    ++count.ready;
    const auto found = std::ranges::find(replicas, pod, &Replica::pod);
    if (found != replicas.end() && found->marks.contains(mark)) ++count.serving;
  }
  return count;
}

}  // namespace pintle::reconcile
