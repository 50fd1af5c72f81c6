// From the resolved model to what the data plane runs.
//  - guarantees: pure and cannot fail; the same input gives the same value. What did not change keeps its pointer and
//  its
//    id from one generation to the next, so that a worker can tell by pointer what to keep: HostTables, ListenerTables,
//    PortTables and certificates their pointers. Listener and socket ids are dense; they keep their value where that
//    leaves no gap.
//  - relies on: resolve() handing out the same pointers for what is equal (a new pointer costs a rebuild of its hosts,
//    never a wrong answer), rules that name the BackendIds of Model::endpoints, and each socket given to one Gateway.
//  - leaves to others: every judgement (resolve), publishing (app), binding (dataplane).
//  - threads: any; a value in, a value out.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pintle/runtime/compiled.hpp>

#include "controller/compile/http.hpp"
#include "controller/compile/losers.hpp"
#include "controller/resolve/model.hpp"

namespace pintle::compile {

/// (gateway "namespace/name", port)
using PortKey = std::pair<std::string, resolve::ListenerPort>;

/// What one generation leaves to the next. A default-constructed one is right for the first.
struct Previous {
  std::map<runtime::SocketAddress, SocketId> socket_ids;
  std::map<ListenerKey, ListenerId> listener_ids;
  HttpTables tables;
  std::map<PortKey, std::shared_ptr<const route::PortTable>> port_tables;
  std::shared_ptr<const runtime::Certs> certs;
};

struct Compilation {
  runtime::Compiled compiled;
  std::vector<Loser> losers;  ///< for tell_losers(); in the order of listeners and hosts
  Previous next;              ///< give it to the next compile()
};

[[nodiscard]] Compilation compile(const resolve::Model& model, Generation generation, Previous previous);

}  // namespace pintle::compile
