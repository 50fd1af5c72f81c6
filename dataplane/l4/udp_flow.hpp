// What one client sends to one address of ours, and what comes back: a socket of its own towards one endpoint. The flow
// ends when nothing went either way for a time, when the endpoint is told to be unreachable, or to make room; the next
// datagram begins another. A flow that must not be served has no socket: its datagrams are dropped, and its share of
// the traffic stays the same for as long as it lives. Owner: itself (net::Session), known to its UdpPort until it ends.
// Worker thread.
#pragma once
#include "dataplane/l4/choice.hpp"
#include "dataplane/l4/shared.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/session.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::l4 {

class UdpPort;

struct FlowKey {
  runtime::SocketAddress client;
  runtime::SocketAddress local;  ///< of this machine
  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

class UdpFlow final : public net::Session, public net::ListHook<RecencyTag> {
 public:
  UdpFlow(Shared& shared, UdpPort& port, std::shared_ptr<const net::BoundSocket> socket, const FlowKey& key);
  /// Chooses where the flow goes. The flow may have ended when it returns.
  void start();
  /// A datagram of the client.
  void take(std::span<const char> bytes);
  /// False: the tables of now would not send it where it goes.
  [[nodiscard]] bool is_current();

  void drain() override;
  void close() override;
  [[nodiscard]] bool is_idle() const noexcept override;

  [[nodiscard]] const FlowKey& key() const noexcept { return key_; }
  /// The client spoke again after it was answered: no invention of who sends under false addresses.
  [[nodiscard]] bool is_proven() const noexcept { return proven_; }
  void finish(Reason reason, std::string_view detail);

 private:
  void on_events(std::uint32_t events) override;
  void on_idle();
  void touch();
  void open_socket();

  Shared& shared_;
  UdpPort& port_;
  FlowKey key_;
  Choice choice_;
  net::UniqueFd fd_;  ///< none: not served
  runtime::SocketAddress endpoint_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  Monotonic opened_;
  Monotonic used_;  ///< last
  observe::SocketSlot slot_{};
  bool answered_ = false;
  bool proven_ = false;
  bool ended_ = false;
  net::MemberTimer<UdpFlow, &UdpFlow::on_idle> idle_{*this};
};

}  // namespace pintle::l4
