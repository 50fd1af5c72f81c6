// The exchange: from a downstream connection to an answer.
//  - guarantees: what is matched is what is forwarded (route::find_route decides); a refused message sends nothing
//    upstream (rule R); bodies stream both ways with back-pressure and are never held whole; an incomplete answer never
//    looks complete; each exchange ends in exactly one observe record with a reason of the closed list.
//  - leaves to others: bytes of heads and chunks (http1), connections to backends (upstream), accepting (worker).
//  - threads: a worker's.
//
//   H1Session (downstream connection) ── request head ──> Exchange ── acquire ──> upstream::Link
//        ^ answer, body out                               route, filters, retry, timeouts, record
#pragma once
#include <cstdint>
#include <memory>

#include <pintle/base/clock.hpp>

#include "dataplane/net/session.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::proxy {

/// Deadlines of req 40-45; all absolute.
struct Timeouts {
  Millis tls_handshake{10'000};
  Millis head{10'000};
  Millis body_silence{30'000};    ///< no byte of a request body for so long: 408
  Millis body_grace{20'000};      ///< after it a request body must have come with 240 bytes a second, else 408
  Millis idle{60'000};            ///< between requests
  Millis h2_idle{180'000};        ///< HTTP/2: without a stream, then GOAWAY
  Millis write_stall{30'000};     ///< bytes wait and the peer takes none
  Millis continue_wait{1'000};    ///< Expect: 100-continue (req 38)
  Millis tunnel_idle{3'600'000};  ///< of an upgraded connection
  Millis external_auth{5'000};    ///< from the first byte to an authorization server to the last of its answer
};

struct Settings {
  std::uint8_t trusted_hops = 0;          ///< X-Forwarded-For entries from the right that are believed (req 26)
  std::uint32_t h2_requests = 1'000'000;  ///< of one HTTP/2 connection, then GOAWAY (req 46); ids last for 2^30
  Timeouts timeouts{};
  upstream::Settings upstream{};
};

/// Called on the worker's thread; the context outlives what it gives.
[[nodiscard]] std::unique_ptr<net::SessionFactory> make_session_factory(net::WorkerContext& context,
                                                                        const Settings& settings);

}  // namespace pintle::proxy
