// Connections and datagrams that are passed on as they are: TCPRoute, TLSRoute, UDPRoute.
//  - guarantees: where a connection goes is decided once, by route::find_route and by weight; a share that cannot be
//    served is closed or, of UDP, dropped; half-closes pass both ways; what a peer does not take is bounded and its
//    source is not read on; a connection lives through new tables as long as its listener exists; a ClientHello is
//    looked at before any byte is answered, and where it names nobody the connection ends without one.
//  - leaves to others: HTTPS behind a port that it shares with TLSRoutes (proxy), connecting and leaving endpoints out
//    (upstream), accepting (worker).
//  - threads: a worker's.
//
//   TCP  ──────────────────────────────────────> TcpSession ── acquire ──> upstream::Link
//   TLS  ── HelloSession ── SNI ── passthrough ──────^
//                            ├──── terminate, handshake ──^  over TLS where a BackendTLSPolicy says so
//                            └──── HTTPS ──> the sessions of proxy
//   UDP  ── UdpPort ── client address ──> UdpFlow ── a socket of its own ──> endpoint
#pragma once
#include <cstddef>
#include <memory>

#include <pintle/base/clock.hpp>

#include "dataplane/net/session.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::l4 {

struct Settings {
  Millis hello{10'000};        ///< for a ClientHello and a handshake
  Millis idle{3'600'000};      ///< no byte either way
  Millis leave{30'000};        ///< of a connection whose listener is gone
  unsigned most_attempts = 3;  ///< endpoints that are tried
  Millis udp_idle{60'000};     ///< no datagram of a flow either way
  Millis udp_quiet{5'000};     ///< likewise: it may be shed
  upstream::Settings upstream{};
};

/// `http`: takes what is HTTP. Called on the worker's thread; the context outlives what it gives.
[[nodiscard]] std::unique_ptr<net::SessionFactory> make_session_factory(net::WorkerContext& context,
                                                                        const Settings& settings,
                                                                        std::unique_ptr<net::SessionFactory> http);

}  // namespace pintle::l4
