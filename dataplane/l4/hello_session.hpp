// A connection whose ClientHello is not there yet, of a port where listeners differ in what they do with TLS. Its bytes
// are looked at and left in the socket (MSG_PEEK), so whoever gets the connection reads it from the beginning; nothing
// is sent. The socket wakes us when as much is there as would tell more (SO_RCVLOWAT). Nobody has the server name, or
// it is no ClientHello: closed without a byte, and without an alert, which would not be ours to send where TLS passes
// through. Owner: itself (net::Session). Worker thread.
#pragma once
#include <optional>
#include <string>

#include "dataplane/l4/shared.hpp"
#include "dataplane/net/client_hello.hpp"
#include "dataplane/net/session.hpp"

namespace pintle::l4 {

class HelloSession final : public net::Session {
 public:
  HelloSession(Shared& shared, net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket);
  void start();

  void drain() override;
  void close() override;
  [[nodiscard]] bool is_idle() const noexcept override { return true; }

 private:
  void on_events(std::uint32_t events) override;
  void on_deadline();
  /// Of what is there; nullopt: nothing, and nothing will come.
  [[nodiscard]] std::optional<net::ClientHello> peek();
  void look();
  void wait_for(std::size_t bytes);
  void hand_over(std::string sni);
  void refuse(Reason reason, std::string_view detail, std::string_view sni = {});
  [[nodiscard]] net::Connection leave();

  Shared& shared_;
  std::shared_ptr<const net::BoundSocket> bound_;
  net::Connection connection_;
  Monotonic opened_;
  bool peer_closed_ = false;
  bool ended_ = false;
  bool waits_for_more_ = false;  ///< SO_RCVLOWAT is set
  net::MemberTimer<HelloSession, &HelloSession::on_deadline> deadline_{*this};
};

}  // namespace pintle::l4
