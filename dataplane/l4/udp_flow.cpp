#include "dataplane/l4/udp_flow.hpp"

#include <cerrno>
#include <cstring>

#include "dataplane/l4/udp_port.hpp"

namespace pintle::l4 {
namespace {

/// Batches of one flow in one event; then others have their turn.
constexpr unsigned batches_a_turn = 4;

}  // namespace

UdpFlow::UdpFlow(Shared& shared, UdpPort& port, std::shared_ptr<const net::BoundSocket> socket, const FlowKey& key)
    : Session(shared.context, std::move(socket), Kind::Flow),
      shared_(shared),
      port_(port),
      key_(key),
      opened_(shared.context.now()),
      used_(opened_) {}

void UdpFlow::start() {
  if (context().observe != nullptr) slot_ = context().observe->on_connection_opened(socket().id);
  context().arm_after(idle_, shared_.settings.udp_idle);
  choice_ = choose(context(), socket().id, {});
  if (!choice_.endpoints) return;
  const auto& endpoints = choice_.endpoints->endpoints;
  if (endpoints.empty()) {
    choice_.reason = Reason::NoEndpoints;
    choice_.detail = "the backend has no ready endpoint";
    return;
  }
  endpoint_ = endpoints[context().random.below(static_cast<std::uint32_t>(endpoints.size()))];
  open_socket();
}

void UdpFlow::open_socket() {
  auto fd = net::connect_datagram_socket(endpoint_);
  // Ports and descriptors are shared with others, who may have taken more than their part.
  if (!fd && fd.error().code == ErrorCode::Exhausted && port_.make_room()) fd = net::connect_datagram_socket(endpoint_);
  if (!fd)
    return finish(fd.error().code == ErrorCode::Exhausted ? Reason::Overload : Reason::ConnectFailed,
                  fd.error().context);
  if (!context().poller.add(fd->get(), *this)) return finish(Reason::Overload, "cannot watch the socket");
  fd_ = std::move(*fd);
}

bool UdpFlow::is_current() {
  if (!context().current || choice_.generation == context().current->generation) return true;
  // What could not be served is chosen anew: it may be sound by now.
  return fd_ && still_holds(context(), socket().id, choice_, endpoint_);
}

void UdpFlow::touch() {
  note_served();
  used_ = context().now();
  context().arm_after(idle_, shared_.settings.udp_idle);
  port_.on_used(*this);
}

void UdpFlow::take(std::span<const char> bytes) {
  received_ += bytes.size();
  proven_ = proven_ || answered_;
  touch();
  if (!fd_ || net::send_datagram(fd_.get(), bytes)) return;
  // An earlier datagram was refused (ICMP); a full socket just loses this one.
  if (errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH)
    finish(Reason::ConnectFailed, "the endpoint is not reachable");
}

void UdpFlow::on_events(std::uint32_t events) {
  if (ended_ || (events & (net::event_readable | net::event_error)) == 0) return;
  for (unsigned batches = 0; batches < batches_a_turn; ++batches) {
    const int count = shared_.datagrams.receive(fd_.get());
    if (count < 0) return finish(Reason::ConnectFailed, "the endpoint is not reachable");
    if (count == 0) return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) sent_ += shared_.datagrams.at(i).bytes.size();
    answered_ = true;
    port_.answer(static_cast<std::size_t>(count), key_);
    touch();
    if (static_cast<std::size_t>(count) < net::DatagramBatch::most) return;
  }
  context().poller.rearm(fd_.get(), *this);
}

bool UdpFlow::is_idle() const noexcept { return context().now() - used_ >= shared_.settings.udp_quiet; }
void UdpFlow::on_idle() { finish(choice_.reason, choice_.detail); }
void UdpFlow::drain() {
  if (socket().leaving) finish(choice_.reason, choice_.detail);
}
void UdpFlow::close() { finish(context().draining ? Reason::Draining : Reason::Overload, "the flow makes room"); }

void UdpFlow::finish(Reason reason, std::string_view detail) {
  if (std::exchange(ended_, true)) return;
  idle_.disarm();
  if (fd_) {
    context().poller.remove(fd_.get(), *this);
    fd_.reset();
  }
  port_.forget(*this);
  if (auto* observe = context().observe) {
    observe::ConnectionRecord made;
    made.transport = runtime::Transport::Udp;
    made.client = key_.client;
    made.listener = choice_.listener.get();
    made.rule = choice_.rule.get();
    made.backend = choice_.backend;
    if (endpoint_.port != 0) made.upstream_address = &endpoint_;
    made.received_bytes = received_;
    made.sent_bytes = sent_;
    made.started = opened_;
    made.ended = context().now();
    made.reason = reason;
    made.reason_detail = detail;
    made.generation = choice_.generation;
    observe->on_connection(made);
    observe->on_connection_closed(slot_);
  }
  end();
}

}  // namespace pintle::l4
