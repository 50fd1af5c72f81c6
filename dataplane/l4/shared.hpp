// What all sessions of a worker share. Internal to l4. Worker thread.
#pragma once
#include <memory>

#include "dataplane/l4/l4.hpp"
#include "dataplane/net/datagrams.hpp"
#include "dataplane/net/worker_context.hpp"

namespace pintle::l4 {

class UdpFlow;
struct RecencyTag;

/// The flows of all UDP sockets, least recently used first: who makes room. Clients that nothing proves come first, so
/// a flood of invented ones takes its own places.
struct FlowOrder {
  net::IntrusiveList<UdpFlow, RecencyTag> unproven;
  net::IntrusiveList<UdpFlow, RecencyTag> proven;
};

struct Shared {
  Shared(net::WorkerContext& worker, const Settings& wanted, std::unique_ptr<net::SessionFactory> sessions)
      : context(worker),
        settings(wanted),
        upstreams(upstream::Upstreams::make(worker, wanted.upstream)),
        http(std::move(sessions)) {}

  net::WorkerContext& context;
  Settings settings;
  std::unique_ptr<upstream::Upstreams> upstreams;
  std::unique_ptr<net::SessionFactory> http;
  FlowOrder flows;
  net::DatagramBatch datagrams;  ///< borrowed inside one event
};

}  // namespace pintle::l4
