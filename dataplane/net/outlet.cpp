#include "dataplane/net/outlet.hpp"

#include <algorithm>
#include <array>

namespace pintle::net {

Sent Outlet::send(Connection& connection, std::span<const iovec> pieces) {
  if (waiting_) {
    keep(pieces, 0);
    return Sent::Waiting;
  }
  const IoResult result = connection.writev(pieces);
  if (result.bytes > 0) untouched_ = false;
  if (result.status == IoStatus::Error) return Sent::Failed;
  if (result.status == IoStatus::Ok && !connection.has_pending()) return Sent::All;
  keep(pieces, result.bytes);
  waiting_ = true;
  return Sent::Waiting;
}

Passed Outlet::pass(const Connection& from, const Connection& to, Pipe pipe, std::size_t most) {
  Passed passed{.read = pipe.fill(from.descriptor(), most)};
  if (passed.read.status != IoStatus::Ok) return passed;
  pipe_ = std::move(pipe);
  passed.sent = drain_pipe(to);
  waiting_ = passed.sent == Sent::Waiting;
  return passed;
}

Sent Outlet::drain_pipe(const Connection& connection) {
  const IoResult result = pipe_.drain(connection.descriptor());
  if (result.bytes > 0) untouched_ = false;
  if (result.status == IoStatus::WouldBlock) return Sent::Waiting;
  pipe_.reset();
  return result.status == IoStatus::Ok ? Sent::All : Sent::Failed;
}

Sent Outlet::flush(Connection& connection) {
  if (!waiting_) return Sent::All;
  if (pipe_)
    if (const Sent drained = drain_pipe(connection); drained != Sent::All) return drained;
  if (const IoResult flushed = connection.flush(); flushed.status != IoStatus::Ok)
    return flushed.status == IoStatus::WouldBlock ? Sent::Waiting : Sent::Failed;
  while (!queue_.empty()) {
    std::array<iovec, 16> pieces;
    const std::size_t count = queue_.peek(pieces);
    const IoResult result = connection.writev(std::span<const iovec>(pieces).first(count));
    if (result.bytes > 0) untouched_ = false;
    queue_.consume(result.bytes);
    if (result.status == IoStatus::Error) return Sent::Failed;
    if (result.status == IoStatus::WouldBlock) return Sent::Waiting;
  }
  waiting_ = connection.has_pending();
  return waiting_ ? Sent::Waiting : Sent::All;
}

void Outlet::keep(std::span<const iovec> pieces, std::size_t sent) {
  for (const iovec& piece : pieces) {
    const std::size_t gone = std::min(sent, piece.iov_len);
    sent -= gone;
    if (gone < piece.iov_len)
      queue_.append(std::span<const char>(static_cast<const char*>(piece.iov_base) + gone, piece.iov_len - gone));
  }
}

}  // namespace pintle::net
