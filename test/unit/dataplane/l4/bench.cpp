#include "test/unit/dataplane/l4/bench.hpp"

#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace pintle::l4 {
namespace {

net::UniqueFd make_socket(int kind) { return net::UniqueFd(::socket(AF_INET, kind | SOCK_CLOEXEC, 0)); }

runtime::SocketAddress bind_to_loopback(const net::UniqueFd& fd) {
  const runtime::SocketAddress any{.ip = {127, 0, 0, 1}};
  const net::RawAddress raw = net::to_raw(any);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
  return net::local_address(fd.get());
}

}  // namespace

void Notes::on_connection(const observe::ConnectionRecord& record) {
  connections.push_back({.reason = record.reason,
                         .detail = std::string(record.reason_detail),
                         .sni = std::string(record.tls_server_name),
                         .backend = record.backend == nullptr ? std::string() : record.backend->name,
                         .received = record.received_bytes,
                         .sent = record.sent_bytes,
                         .attempts = record.attempts});
}

Bench::Bench(runtime::SocketProtocol protocol, const Settings& settings)
    : poller(std::move(net::Poller::make().value())),
      context(*poller, 0, 42),
      socket(std::make_shared<net::BoundSocket>()) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  context.observe = &notes;
  socket->protocol = protocol;
  socket->hello_first = protocol == runtime::SocketProtocol::Https;
  auto sessions = std::make_unique<HttpSessions>();
  http = sessions.get();
  factory = make_session_factory(context, settings, std::move(sessions));
}

Bench::~Bench() {
  poller->begin_turn();
  for (auto* sessions : {&context.sessions, &context.flows})
    sessions->for_each([](net::Session& session) { session.close(); });
  poller->end_turn();
  factory.reset();
  EXPECT_EQ(notes.open, 0);
  EXPECT_EQ(notes.busy, 0);
  EXPECT_EQ(context.buffers.in_use(), 0U);
  EXPECT_EQ(context.pipes.lent_count(), 0U);
}

void Bench::serve(const std::vector<Site>& sites) {
  auto endpoints = std::make_shared<runtime::EndpointSet>();
  std::vector<route::Listener> listeners;
  for (const Site& site : sites) {
    auto rule = std::make_shared<route::Rule>();
    rule->source = {.kind = "TCPRoute", .route = "default/r", .index = 0, .name = {}};
    route::Forward forward;
    for (const Share& share : site.shares) {
      route::WeightedBackend& made = forward.backends.emplace_back();
      made.backend = {static_cast<std::uint32_t>(endpoints->backends.size())};
      made.weight = share.weight;
      made.name = share.name;
      if (share.broken) made.failure = route::Failure{0, Reason::RefInvalid, "it does not exist"};
      forward.total_weight += share.weight;
      auto backend = std::make_shared<runtime::Backend>();
      backend->name = share.name;
      backend->protocol = share.protocol;
      backend->endpoints = share.endpoints;
      endpoints->backends.push_back(std::move(backend));
    }
    std::vector<std::pair<std::string, route::HostTablePtr>> hosts;
    if (!forward.backends.empty()) {
      rule->action = std::move(forward);
      std::vector<route::Entry> entries{{.match = std::make_shared<const route::Match>(), .rule = std::move(rule)}};
      hosts.emplace_back(site.hostname, std::make_shared<route::HostTable>(std::move(entries)));
    }
    listeners.push_back({.id = {static_cast<std::uint32_t>(listeners.size())},
                         .gateway = "default/gw",
                         .name = site.hostname,
                         .hostname = site.hostname,
                         .port = 9000,
                         .public_port = 9000,
                         .protocol = site.protocol,
                         .table = std::make_shared<route::ListenerTable>(std::move(hosts))});
  }
  auto compiled = std::make_shared<runtime::Compiled>();
  compiled->generation = Generation{++generation_.value};
  compiled->table = std::make_shared<route::RoutingTable>(
      std::vector<std::shared_ptr<const route::PortTable>>{std::make_shared<route::PortTable>(std::move(listeners))});
  compiled->endpoints = std::move(endpoints);
  const net::SnapshotRef previous = context.current;
  context.current = net::SnapshotRef(new net::Snapshot(std::move(compiled), nullptr));
  poller->begin_turn();
  context.apply_observers.for_each([&](net::ApplyObserver& observer) { observer.on_apply(previous, context.current); });
  poller->end_turn();
}

net::UniqueFd Bench::connect() {
  const net::UniqueFd listener = make_socket(SOCK_STREAM);
  const runtime::SocketAddress address = bind_to_loopback(listener);
  EXPECT_EQ(::listen(listener.get(), 8), 0);
  net::UniqueFd client = make_socket(SOCK_STREAM);
  const net::RawAddress raw = net::to_raw(address);
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
  net::UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  poller->begin_turn();
  factory->start(net::Connection(std::move(accepted), net::local_address(client.get()), address), socket);
  poller->end_turn();
  EXPECT_EQ(::fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
  return client;
}

bool Bench::run_until(const std::function<bool()>& done) {
  const Monotonic limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    static_cast<void>(poller->wait(Millis(10)));
  }
  return true;
}

void Bench::settle() {
  while (poller->wait(Millis(5)) > 0) {
  }
}

void Bench::pass(Millis time) {
  skew_ += time;
  poller->begin_turn();
  context.wheel.advance(poller->now() + skew_);
  poller->end_turn();
}

Backend::Backend(Kind kind) : fd_(make_socket(SOCK_STREAM | SOCK_NONBLOCK)), address_(bind_to_loopback(fd_)) {
  if (kind == Kind::Accepts) EXPECT_EQ(::listen(fd_.get(), 64), 0);
}

net::UniqueFd Backend::accept() {
  return net::UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

UdpPeer::UdpPeer() : fd_(make_socket(SOCK_DGRAM | SOCK_NONBLOCK)), address_(bind_to_loopback(fd_)) {
  address_.transport = runtime::Transport::Udp;
}

void UdpPeer::send(std::string_view text, const runtime::SocketAddress& to) {
  const net::RawAddress raw = net::to_raw(to);
  EXPECT_EQ(::sendto(fd_.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(raw.bytes), raw.length),
            static_cast<ssize_t>(text.size()));
}

std::pair<std::string, runtime::SocketAddress> UdpPeer::take() {
  std::string text(65536, '\0');
  sockaddr_storage from{};
  socklen_t length = sizeof from;
  const ssize_t n = ::recvfrom(fd_.get(), text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  runtime::SocketAddress peer;
  if (n >= 0) static_cast<void>(net::from_raw(&from, length, peer));
  return {text, peer};
}

}  // namespace pintle::l4
