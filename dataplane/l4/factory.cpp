#include <pintle/base/log.hpp>

#include "dataplane/l4/hello_session.hpp"
#include "dataplane/l4/l4.hpp"
#include "dataplane/l4/shared.hpp"
#include "dataplane/l4/tcp_session.hpp"
#include "dataplane/l4/udp_port.hpp"

namespace pintle::l4 {
namespace {

class Factory final : public net::SessionFactory {
 public:
  Factory(net::WorkerContext& context, const Settings& settings, std::unique_ptr<net::SessionFactory> http)
      : shared_(context, settings, std::move(http)) {}

  void start(net::Connection&& connection, std::shared_ptr<const net::BoundSocket> socket) override {
    // Sessions own themselves: net::Session.
    if (socket->protocol == runtime::SocketProtocol::Tcp)
      (new TcpSession(shared_, std::move(connection), std::move(socket), {}))->start();
    else if (socket->hello_first && !connection.is_tls())
      (new HelloSession(shared_, std::move(connection), std::move(socket)))->start();
    else
      shared_.http->start(std::move(connection), std::move(socket));
  }

  std::unique_ptr<net::DatagramPort> open(net::UniqueFd fd,
                                          const std::shared_ptr<const net::BoundSocket>& socket) override {
    auto port = std::make_unique<UdpPort>(shared_, std::move(fd), socket);
    if (auto started = port->start(); !started) {
      log::error("{}: {}", runtime::to_string(socket->address), started.error().context);
      return nullptr;
    }
    return port;
  }

 private:
  Shared shared_;
};

}  // namespace

std::unique_ptr<net::SessionFactory> make_session_factory(net::WorkerContext& context, const Settings& settings,
                                                          std::unique_ptr<net::SessionFactory> http) {
  return std::make_unique<Factory>(context, settings, std::move(http));
}

}  // namespace pintle::l4
