// The way of a session's frames to its socket, the same for clients and backends.
#pragma once
#include "dataplane/http2/session.hpp"
#include "dataplane/net/outlet.hpp"

namespace pintle::http2 {

/// Frames that leave make room, room is filled, and that is to be sent too: within one turn only so often, then the
/// other connections of the worker have theirs.
class FlushBudget {
 public:
  static constexpr unsigned flushes_a_turn = 16;

  /// `now`: of the turn. False: not in this one.
  [[nodiscard]] bool take(Monotonic now) noexcept {
    if (turn_ != now) left_ = flushes_a_turn;
    turn_ = now;
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  Monotonic turn_{};
  unsigned left_ = flushes_a_turn;
};

/// Sends what there is, until the socket takes no more: then nothing more is produced, so little waits. Streams that
/// have room again are told.
[[nodiscard]] net::Sent send_frames(Session& session, net::Outlet& outlet, net::Connection& connection,
                                    net::Scratch& scratch);

}  // namespace pintle::http2
