#include "dataplane/l4/udp_port.hpp"

#include <cstring>
#include <vector>

namespace pintle::l4 {
namespace {

/// Batches of one socket in one event; then others have their turn.
constexpr unsigned batches_a_turn = 8;

std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 32U)) * 0xd6e8feb86659fd93U;
  value = (value ^ (value >> 32U)) * 0xd6e8feb86659fd93U;
  return value ^ (value >> 32U);
}

std::uint64_t add_address(std::uint64_t hash, const runtime::SocketAddress& address) noexcept {
  std::uint64_t halves[2];
  static_assert(sizeof halves == sizeof address.ip);
  std::memcpy(halves, address.ip.data(), sizeof halves);
  return mix(mix(mix(hash ^ halves[0]) ^ halves[1]) ^ address.port);
}

}  // namespace

std::size_t UdpPort::HashKey::operator()(const FlowKey& key) const noexcept {
  return add_address(add_address(seed, key.client), key.local);
}

UdpPort::UdpPort(Shared& shared, net::UniqueFd fd, std::shared_ptr<const net::BoundSocket> socket)
    : shared_(shared),
      fd_(std::move(fd)),
      socket_(std::move(socket)),
      flows_(0, HashKey{shared.context.random.next()}) {}

UdpPort::~UdpPort() {
  std::vector<UdpFlow*> flows;
  flows.reserve(flows_.size());
  for (const auto& [key, flow] : flows_) flows.push_back(flow);
  for (UdpFlow* flow : flows) flow->close();
  if (started_) shared_.context.poller.remove(fd_.get(), *this);
}

Result<void> UdpPort::start() {
  if (auto added = shared_.context.poller.add(fd_.get(), *this); !added) return added;
  started_ = true;
  return {};
}

void UdpPort::on_events(std::uint32_t events) {
  if ((events & (net::event_readable | net::event_error)) == 0) return;
  for (unsigned batches = 0; batches < batches_a_turn; ++batches) {
    const int count = shared_.datagrams.receive(fd_.get());
    for (int i = 0; i < count; ++i) {
      const net::Datagram datagram = shared_.datagrams.at(static_cast<std::size_t>(i));
      if (UdpFlow* const flow = find_or_open(datagram)) flow->take(datagram.bytes);
    }
    if (count >= 0 && static_cast<std::size_t>(count) < net::DatagramBatch::most) return;
  }
  shared_.context.poller.rearm(fd_.get(), *this);
}

UdpFlow* UdpPort::find_or_open(const net::Datagram& datagram) {
  const FlowKey key{datagram.from, datagram.to};
  if (const auto known = flows_.find(key); known != flows_.end()) {
    if (known->second->is_current()) return known->second;
    known->second->finish(Reason::Upstream, "the configuration has changed; its next datagram begins another flow");
  }
  if (socket_->leaving || shared_.context.pressure >= net::Pressure::StopAccepting) return nullptr;
  if (shared_.context.flow_count >= shared_.context.max_flows) make_room();
  auto* const flow = new UdpFlow(shared_, *this, socket_, key);  // owns itself: net::Session
  flows_.emplace(key, flow);
  flow->start();  // it enters the order of the others with its datagram, so it never makes room for itself
  const auto opened = flows_.find(key);
  return opened == flows_.end() ? nullptr : opened->second;
}

bool UdpPort::make_room() {
  FlowOrder& order = shared_.flows;
  UdpFlow* const oldest = order.unproven.empty() ? order.proven.front() : order.unproven.front();
  if (oldest != nullptr) oldest->close();
  return oldest != nullptr;
}

void UdpPort::answer(std::size_t count, const FlowKey& key) {
  static_cast<void>(shared_.datagrams.forward(count, fd_.get(), key.client, key.local));
}

void UdpPort::on_used(UdpFlow& flow) noexcept {
  (flow.is_proven() ? shared_.flows.proven : shared_.flows.unproven).push_back(flow);
}

void UdpPort::forget(UdpFlow& flow) noexcept {
  flow.net::ListHook<RecencyTag>::unlink();
  flows_.erase(flow.key());
}

}  // namespace pintle::l4
