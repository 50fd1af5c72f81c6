#include "controller/kube/client.hpp"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "controller/kube/credentials.hpp"
#include "controller/kube/curl.hpp"
#include "controller/kube/curl_loop.hpp"
#include "controller/kube/transfer.hpp"

namespace pintle::kube {
namespace {

namespace asio = boost::asio;

/// Host and port as the URL spells them.
[[nodiscard]] std::string authority_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return std::string(url.substr(0, url.find('/')));
}

struct Held final : Call::Pending {
  explicit Held(std::shared_ptr<Transfer> held) : transfer(std::move(held)) {}
  ~Held() override { transfer->stop(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  std::shared_ptr<Transfer> transfer;
};

}  // namespace

struct Client::State {
  State(asio::io_context& context, Clock& clock, Connection given, ClientLimits limits)
      : io(context), loop(std::make_shared<CurlLoop>(context)), shared(std::make_shared<ClientContext>()) {
    shared->server = std::move(given.server);
    shared->host = authority_of(shared->server.url);
    shared->limits = limits;
    credentials = make_credentials(io, clock, std::move(given.user), shared->server);
    shared->on_unauthorized = [this] { credentials->refused(); };
  }
  ~State() { shared->on_unauthorized = nullptr; }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Call start(Request request, Transfer::Reports reports) {
    auto transfer = std::make_shared<Transfer>(io, loop, shared, std::move(request), std::move(reports));
    credentials->get([this, weak = std::weak_ptr(transfer)](Result<std::shared_ptr<const Identity>> identity) {
      const auto waiting = weak.lock();
      if (!waiting) return;
      if (identity && waiting->start(std::move(*identity))) return;
      const Error fault = identity ? Error{.code = ErrorCode::Exhausted, .context = "no memory for a request"}
                                   : std::move(identity.error());
      // Perhaps still inside send(), which reports nothing.
      asio::post(io, [weak, fault] {
        if (const auto failed = weak.lock()) failed->finish(std::unexpected(fault));
      });
    });
    return Call(std::make_unique<Held>(std::move(transfer)));
  }

  asio::io_context& io;
  std::shared_ptr<CurlLoop> loop;
  std::shared_ptr<ClientContext> shared;
  std::unique_ptr<Credentials> credentials;
};

Client::Client(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(asio::io_context& io, Clock& clock, Connection connection,
                                             ClientLimits limits) {
  if (const auto opened = open_curl(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Client>(new Client(std::make_shared<State>(io, clock, std::move(connection), limits)));
}

Call Client::send(Request request, std::function<void(Result<Response>)> done) {
  return state_->start(std::move(request), {.done = std::move(done), .on_open = {}, .on_line = {}});
}

Call Client::stream(Request request, StreamEvents events) {
  return state_->start(
      std::move(request),
      {.done = std::move(events.on_end), .on_open = std::move(events.on_open), .on_line = std::move(events.on_line)});
}

}  // namespace pintle::kube
