// Exchange: bodies of known length that pass from socket to socket within the kernel. The same rules as for those that
// are read: never beyond the body, whose turn it is, where a cut one ends.
#include <algorithm>

#include "dataplane/net/pipe.hpp"
#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/read_size.hpp"

namespace pintle::proxy {
namespace {

/// What is left must be worth it: a splice costs more than a read of a few KB, and one more that finds nothing.
constexpr std::uint64_t least_to_pass = 64 * 1024;
static_assert(largest_read_size <= net::PipePool::capacity);

std::size_t size_to_pass(const http1::BodyReader& body, std::size_t read_size) noexcept {
  return static_cast<std::size_t>(std::min<std::uint64_t>(read_size, body.bytes_left()));
}

}  // namespace

/// Empty: this body, or the next piece of it, is to be read. Both sides are plain; of known length, it goes out as
/// it comes in.
net::Pipe Exchange::take_pipe(const http1::BodyReader& body) const {
  if (body.kind() != http::BodyKind::Length || body.bytes_left() < least_to_pass ||
      !session_->connection().is_plain() || !link_->connection().is_plain())
    return {};
  return shared_.context.pipes.take();
}

void Exchange::pass_response_body(net::Pipe pipe) {
  const auto [read, sent] =
      session_->pass(link_->connection(), std::move(pipe), size_to_pass(response_body_, down_read_size_));
  if (read.status != net::IoStatus::Ok) {
    link_readable_ = false;
    if (read.status != net::IoStatus::WouldBlock) on_link_ended(read.status);
    return;
  }
  response_body_.pass(read.bytes);
  sent_body_ += read.bytes;
  if (sent == net::Sent::Failed) return on_downstream_lost();
  note_sent_down();
  if (response_body_.done()) complete_response(0);
}

/// True if there may be more.
bool Exchange::pass_request_body(net::Pipe pipe) {
  const auto [read, sent] = up_.pass(session_->connection(), link_->connection(), std::move(pipe),
                                     size_to_pass(request_body_, up_read_size_));
  if (read.status != net::IoStatus::Ok) {
    session_->on_drained();
    if (read.status != net::IoStatus::WouldBlock)
      cut(Reason::ClientClosed, "the client left inside its request body");  // req 14
    return false;
  }
  body_read_on_ = replay_lost_ = true;
  body_waits_since_ = shared_.context.now();
  request_body_.pass(read.bytes);
  request_sent_ = request_body_.done();
  if (sent == net::Sent::Failed) {
    mark_link_broken();
    return false;
  }
  note_sent_up(sent);
  return true;
}

}  // namespace pintle::proxy
