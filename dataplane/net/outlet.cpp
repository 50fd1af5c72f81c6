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

Sent Outlet::flush(Connection& connection) {
  if (!waiting_) return Sent::All;
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
