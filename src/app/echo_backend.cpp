// Beast's non-template code is compiled once, in a library that the admin server brings along.
#ifndef BOOST_BEAST_SEPARATE_COMPILATION
#define BOOST_BEAST_SEPARATE_COMPILATION
#endif
#include "src/app/echo_backend.hpp"

#include <algorithm>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pintle::app {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using Tcp = asio::ip::tcp;

constexpr std::chrono::seconds patience{75};  // longer than the gateway keeps an idle connection

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket&& socket, std::string pod) : stream_(std::move(socket)), pod_(std::move(pod)) {}
  void read() {
    request_ = {};
    stream_.expires_after(patience);
    bhttp::async_read(stream_, buffer_, request_,
                      [self = shared_from_this()](const beast::error_code& fault, std::size_t) {
                        if (!fault) self->answer();
                      });
  }

 private:
  void answer() {
    nlohmann::ordered_json body{{"pod", pod_},
                                {"method", std::string(request_.method_string())},
                                {"path", std::string(request_.target())},
                                {"host", std::string(request_[bhttp::field::host])}};
    for (const auto& field : request_)
      if (field.name() != bhttp::field::host)
        body["headers"][std::string(field.name_string())] = std::string(field.value());
    response_ = {};
    response_.result(bhttp::status::ok);
    response_.set(bhttp::field::content_type, "application/json");
    response_.keep_alive(request_.keep_alive());
    response_.body() = body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    response_.prepare_payload();
    if (request_.method() == bhttp::verb::head) response_.body().clear();
    bhttp::async_write(stream_, response_, [self = shared_from_this()](const beast::error_code& fault, std::size_t) {
      if (!fault && self->response_.keep_alive()) self->read();
    });
  }
  beast::tcp_stream stream_;
  std::string pod_;
  beast::flat_buffer buffer_;
  bhttp::request<bhttp::string_body> request_;
  bhttp::response<bhttp::string_body> response_;
};

class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(asio::io_context& io) : acceptor_(io) {}
  [[nodiscard]] bool open(EchoPod& pod) {
    const auto bytes =
        asio::ip::address_v4::bytes_type{pod.address.ip[0], pod.address.ip[1], pod.address.ip[2], pod.address.ip[3]};
    for (const std::uint16_t port : {pod.address.port, std::uint16_t{0}}) {
      boost::system::error_code fault;
      if (acceptor_.is_open()) (void)acceptor_.close(fault);
      (void)acceptor_.open(Tcp::v4(), fault);
      if (!fault) (void)acceptor_.set_option(Tcp::acceptor::reuse_address(true), fault);
      if (!fault) (void)acceptor_.bind({asio::ip::address_v4(bytes), port}, fault);
      if (!fault) (void)acceptor_.listen(asio::socket_base::max_listen_connections, fault);
      if (fault) continue;
      pod.address.port = acceptor_.local_endpoint(fault).port();
      pod_ = pod.name;
      return true;
    }
    return false;
  }
  void accept() {
    acceptor_.async_accept([self = shared_from_this()](const boost::system::error_code& fault, Tcp::socket socket) {
      if (fault) return;
      std::make_shared<Session>(std::move(socket), self->pod_)->read();
      self->accept();
    });
  }

 private:
  Tcp::acceptor acceptor_;
  std::string pod_;
};

}  // namespace

struct EchoBackends::State {
  asio::io_context io;
  std::vector<EchoPod> pods;
  std::thread thread;
};

EchoBackends::EchoBackends(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
EchoBackends::~EchoBackends() {
  state_->io.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<std::unique_ptr<EchoBackends>> EchoBackends::start(std::vector<EchoPod> pods) {
  auto state = std::make_unique<State>();
  for (EchoPod& pod : pods) {
    const auto listener = std::make_shared<Listener>(state->io);
    if (!listener->open(pod))
      return make_error(ErrorCode::AddressInUse, fmt::format("no port on loopback for the backend {}", pod.name));
    listener->accept();
  }
  state->pods = std::move(pods);
  state->thread = std::thread([io = &state->io] { io->run(); });
  return std::unique_ptr<EchoBackends>(new EchoBackends(std::move(state)));
}

const std::vector<EchoPod>& EchoBackends::pods() const noexcept { return state_->pods; }

}  // namespace pintle::app
