// A UDP socket of one worker and the flows of its clients, by client and local address.
// Bounded by WorkerContext::max_flows over all sockets of the worker: FlowOrder says who makes room. Owner: the
// worker's door; its flows end with it. Worker thread.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>

#include "dataplane/l4/shared.hpp"
#include "dataplane/l4/udp_flow.hpp"

namespace pintle::l4 {

class UdpPort final : public net::DatagramPort, public net::EventSink {
 public:
  UdpPort(Shared& shared, net::UniqueFd fd, std::shared_ptr<const net::BoundSocket> socket);
  ~UdpPort() override;
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;
  [[nodiscard]] Result<void> start();

  [[nodiscard]] std::size_t flow_count() const noexcept { return flows_.size(); }

  // For the flows -----------------------------------------------------------------------------------------------------
  /// Sends the first `count` datagrams of the batch to the client.
  void answer(std::size_t count, const FlowKey& key);
  void on_used(UdpFlow& flow) noexcept;
  /// Ends the flow that is needed least, of this socket or another; false: there is none.
  bool make_room();
  void forget(UdpFlow& flow) noexcept;

 private:
  /// Seeded: nobody outside can choose addresses that collide.
  struct HashKey {
    using is_avalanching = void;
    std::uint64_t seed;
    [[nodiscard]] std::size_t operator()(const FlowKey& key) const noexcept;
  };

  void on_events(std::uint32_t events) override;
  [[nodiscard]] UdpFlow* find_or_open(const net::Datagram& datagram);

  Shared& shared_;
  net::UniqueFd fd_;
  std::shared_ptr<const net::BoundSocket> socket_;
  boost::unordered_flat_map<FlowKey, UdpFlow*, HashKey> flows_;
  bool started_ = false;
};

}  // namespace pintle::l4
