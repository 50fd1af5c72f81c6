#include "dataplane/http2/send_frames.hpp"

namespace pintle::http2 {

net::Sent send_frames(Session& session, net::Outlet& outlet, net::Connection& connection, net::Scratch& scratch) {
  while (!outlet.is_waiting()) {
    const auto loan = scratch.borrow();
    const std::size_t length = session.produce(loan.span());
    if (length == 0) break;
    const iovec piece{loan.span().data(), length};
    if (outlet.send(connection, {&piece, 1}) == net::Sent::Failed) return net::Sent::Failed;
  }
  session.tell_room();
  return outlet.is_waiting() ? net::Sent::Waiting : net::Sent::All;
}

}  // namespace pintle::http2
