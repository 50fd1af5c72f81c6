// Where a connection or a flow goes: the decision of one moment, which holds without the generation it came from.
#pragma once
#include <memory>
#include <string_view>

#include <pintle/base/reason.hpp>
#include <pintle/route/table.hpp>
#include <pintle/runtime/compiled.hpp>

#include "dataplane/net/worker_context.hpp"

namespace pintle::l4 {

struct Choice {
  std::shared_ptr<const route::Listener> listener;    ///< null: no listener has the server name
  std::shared_ptr<const route::Rule> rule;            ///< null: no route of the listener does
  const route::WeightedBackend* backend = nullptr;    ///< of the rule; null: the rule is broken
  std::shared_ptr<const runtime::Backend> endpoints;  ///< null: not to be served, see reason
  Reason reason = Reason::Upstream;
  std::string_view detail;  ///< of the rule, or static
  Generation generation;
};

/// `sni`: lower case, empty for TCP and UDP and for a client that names nobody. Weights are drawn, not counted.
[[nodiscard]] Choice choose(net::WorkerContext& context, SocketId socket, std::string_view sni);
/// As choose() would, but the listener alone; draws nothing.
[[nodiscard]] std::shared_ptr<const route::Listener> find_listener(const net::WorkerContext& context, SocketId socket,
                                                                   std::string_view sni);
/// The rule a new flow would get now has this very backend with a share, and its endpoints hold the address.
[[nodiscard]] bool still_holds(const net::WorkerContext& context, SocketId socket, Choice& choice,
                               const runtime::SocketAddress& endpoint);

}  // namespace pintle::l4
