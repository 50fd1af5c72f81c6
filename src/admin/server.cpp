#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <list>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include <pintle/base/log.hpp>

#include "src/admin/respond.hpp"

namespace pintle::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Tcp = asio::ip::tcp;

constexpr std::chrono::seconds patience{10};
constexpr std::size_t max_connections = 64;
constexpr std::uint32_t max_head = 8 * 1024;

[[nodiscard]] Tcp::endpoint to_endpoint(const runtime::SocketAddress& address) {
  if (!address.v6) {
    asio::ip::address_v4::bytes_type bytes{};
    std::copy_n(address.ip.begin(), bytes.size(), bytes.begin());
    return {asio::ip::address_v4(bytes), address.port};
  }
  asio::ip::address_v6::bytes_type bytes{};
  std::ranges::copy(address.ip, bytes.begin());
  return {asio::ip::address_v6(bytes), address.port};
}

[[nodiscard]] ErrorCode code_of(const boost::system::error_code& fault) {
  if (fault == asio::error::address_in_use) return ErrorCode::AddressInUse;
  if (fault == asio::error::access_denied) return ErrorCode::PermissionDenied;
  return ErrorCode::InvalidArgument;
}

[[nodiscard]] std::string_view advice(ErrorCode code) {
  switch (code) {
    case ErrorCode::AddressInUse:
      return "another program has that port; choose one with --admin IP:PORT";
    case ErrorCode::PermissionDenied:
      return "ports below 1024 need privilege; choose another with --admin IP:PORT";
    default:
      return "this machine may not have that address; choose one with --admin IP:PORT";
  }
}

}  // namespace

struct Server::State : std::enable_shared_from_this<Server::State> {
  class Session;

  State(asio::io_context& io, Sources given) : acceptor(io), pause(io), sources(std::move(given)) {}
  void accept();
  void close();

  Tcp::acceptor acceptor;
  asio::steady_timer pause;
  Sources sources;
  runtime::SocketAddress address;
  Binding binding = Binding::Loopback;
  std::list<std::weak_ptr<Session>> sessions;
  bool closed = false;
};

/// One connection; lives as long as an operation of it is pending.
class Server::State::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket&& socket, std::shared_ptr<State> state) : stream_(std::move(socket)), state_(std::move(state)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(max_head);
    parser_->body_limit(0);
    stream_.expires_after(patience);
    bhttp::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const beast::error_code& fault, std::size_t) { self->on_read(fault); });
  }
  void close() {
    beast::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void on_read(const beast::error_code& fault) {
    if (fault || state_->closed) return close();
    const auto& request = parser_->get();
    AdminResponse made;
    try {
      const auto text = [](const auto& view) { return std::string_view(view.data(), view.size()); };
      made = respond(state_->sources, {.method = text(request.method_string()),
                                       .target = text(request.target()),
                                       .host = text(request[bhttp::field::host]),
                                       .binding = state_->binding});
    } catch (const std::exception& error) {
      log::error("admin address: {}", error.what());
      made = {.status = 500, .body = "{\"error\": \"internal error, see the log\"}\n"};
    }
    response_ = {};
    response_.version(request.version());
    response_.result(made.status);
    response_.set(bhttp::field::content_type, beast::string_view(made.content_type.data(), made.content_type.size()));
    response_.set(bhttp::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (made.status == 405) response_.set(bhttp::field::allow, "GET, HEAD");
    response_.keep_alive(request.keep_alive());
    response_.content_length(made.body.size());
    if (request.method() != bhttp::verb::head) response_.body() = std::move(made.body);
    stream_.expires_after(patience);
    serializer_.emplace(response_);
    if (request.method() == bhttp::verb::head) serializer_->split(true);
    const auto done = [self = shared_from_this()](const beast::error_code& error, std::size_t) {
      self->on_write(error);
    };
    if (request.method() == bhttp::verb::head)
      bhttp::async_write_header(stream_, *serializer_, done);
    else
      bhttp::async_write(stream_, *serializer_, done);
  }
  void on_write(const beast::error_code& fault) {
    if (fault || !response_.keep_alive() || state_->closed) {
      beast::error_code ignored;
      stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
      return close();
    }
    read();
  }

  beast::tcp_stream stream_;
  std::shared_ptr<State> state_;
  beast::flat_buffer buffer_;
  std::optional<bhttp::request_parser<bhttp::string_body>> parser_;
  bhttp::response<bhttp::string_body> response_;
  std::optional<bhttp::response_serializer<bhttp::string_body>> serializer_;
};

void Server::State::accept() {
  acceptor.async_accept([self = shared_from_this()](const boost::system::error_code& fault, Tcp::socket socket) {
    if (self->closed || fault == asio::error::operation_aborted) return;
    if (fault) {  // out of descriptors, most likely: wait, never spin
      self->pause.expires_after(std::chrono::milliseconds(100));
      self->pause.async_wait([self](const boost::system::error_code& stopped) {
        if (!stopped) self->accept();
      });
      return;
    }
    self->sessions.remove_if([](const std::weak_ptr<Session>& session) { return session.expired(); });
    if (self->sessions.size() < max_connections) {
      const auto session = std::make_shared<Session>(std::move(socket), self);
      self->sessions.push_back(session);
      session->read();
    }
    self->accept();
  });
}

void Server::State::close() {
  closed = true;
  boost::system::error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (const auto& session : sessions)
    if (const auto open = session.lock()) open->close();
}

Result<std::unique_ptr<Server>> Server::make(asio::io_context& io, const runtime::SocketAddress& address,
                                             Sources sources) {
  auto state = std::make_shared<State>(io, std::move(sources));
  boost::system::error_code fault;
  const Tcp::endpoint endpoint = to_endpoint(address);
  (void)state->acceptor.open(endpoint.protocol(), fault);
  if (!fault) (void)state->acceptor.set_option(Tcp::acceptor::reuse_address(true), fault);
  if (!fault) (void)state->acceptor.bind(endpoint, fault);
  if (!fault) (void)state->acceptor.listen(asio::socket_base::max_listen_connections, fault);
  if (fault) {
    const ErrorCode code = code_of(fault);
    return make_error(code, fmt::format("cannot listen on the admin address {}: {}; {}", to_string(address),
                                        fault.message(), advice(code)));
  }
  state->address = address;
  state->address.port = state->acceptor.local_endpoint(fault).port();
  state->binding = endpoint.address().is_loopback() ? Binding::Loopback : Binding::Open;
  state->accept();
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::~Server() { state_->close(); }

const runtime::SocketAddress& Server::address() const noexcept { return state_->address; }

}  // namespace pintle::admin
