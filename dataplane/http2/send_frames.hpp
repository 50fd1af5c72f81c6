// The way of a session's frames to its socket, the same for clients and backends.
#pragma once
#include "dataplane/http2/session.hpp"
#include "dataplane/net/outlet.hpp"

namespace pintle::http2 {

/// Sends what there is, until the socket takes no more: then nothing more is produced, so little waits. Streams that
/// have room again are told.
[[nodiscard]] net::Sent send_frames(Session& session, net::Outlet& outlet, net::Connection& connection,
                                    net::Scratch& scratch);

}  // namespace pintle::http2
