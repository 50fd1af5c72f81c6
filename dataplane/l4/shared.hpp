// What all sessions of a worker share. Internal to l4. Worker thread.
#pragma once
#include <memory>

#include "dataplane/l4/l4.hpp"
#include "dataplane/net/datagrams.hpp"
#include "dataplane/net/worker_context.hpp"

namespace pintle::l4 {

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
  net::DatagramBatch datagrams;  ///< borrowed inside one event
};

}  // namespace pintle::l4
