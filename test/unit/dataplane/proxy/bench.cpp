#include "test/unit/dataplane/proxy/bench.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/net/session.hpp"

namespace pintle::proxy {
namespace {

net::UniqueFd make_socket(int flags) { return net::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

void bind_to_loopback(const net::UniqueFd& fd) {
  const net::RawAddress raw = net::to_raw({.ip = {127, 0, 0, 1}});
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
}

void connect_to(const net::UniqueFd& fd, const runtime::SocketAddress& address) {
  const net::RawAddress raw = net::to_raw(address);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
}

}  // namespace

// ---- ends -----------------------------------------------------------------------------------------------------------

std::size_t End::push(std::string_view text) {
  const ssize_t n = ::write(fd_.get(), text.data(), text.size());
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

void End::send(std::string_view text) { EXPECT_EQ(push(text), text.size()); }

const std::string& End::pull() {
  if (!fd_) return received;
  char bytes[65536];
  while (true) {
    const ssize_t n = ::read(fd_.get(), bytes, sizeof bytes);
    if (n > 0) {
      received.append(bytes, static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0) ended = true;
    if (n < 0 && errno == ECONNRESET) cut = true;
    return received;
  }
}

void End::finish() { ::shutdown(fd_.get(), SHUT_WR); }

void End::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd_.reset();
}

Peer::Peer(Kind kind) : fd_(make_socket(SOCK_NONBLOCK)) {
  bind_to_loopback(fd_);
  address_ = net::local_address(fd_.get());
  if (kind == Kind::Accepts) EXPECT_EQ(::listen(fd_.get(), 4096), 0);
}

End Peer::accept() { return End(net::UniqueFd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK))); }

// ---- notes ----------------------------------------------------------------------------------------------------------

void Notes::on_request(const observe::RequestRecord& record) {
  requests.push_back({.status = record.status,
                      .upstream_status = record.upstream_status,
                      .reason = record.reason,
                      .detail = std::string(record.reason_detail),
                      .client = runtime::to_string(record.client),
                      .attempts = record.attempts,
                      .request_body = record.request_body_bytes,
                      .response_body = record.response_body_bytes,
                      .was_started = record.was_started});
  if (record.was_started) --started;
}

// ---- bench ----------------------------------------------------------------------------------------------------------

Bench::Bench(const Settings& settings)
    : poller(std::move(net::Poller::make().value())),
      context(*poller, 0, 42),
      socket(std::make_shared<net::BoundSocket>()) {
  std::signal(SIGPIPE, SIG_IGN);  // as the program does
  context.observe = &notes;
  notes.requests.reserve(4096);
  factory = make_session_factory(context, settings);
}

Bench::~Bench() {
  poller->begin_turn();
  context.sessions.for_each([](net::Session& session) { session.close(); });
  poller->end_turn();
  factory.reset();
  EXPECT_EQ(notes.open, 0);
  EXPECT_EQ(notes.started, 0) << "started and never recorded, or recorded twice";
  EXPECT_EQ(notes.upstream_open, 0);
  EXPECT_EQ(notes.busy, 0);
  EXPECT_EQ(context.buffers.in_use(), 0U);
  EXPECT_EQ(context.pipes.lent_count(), 0U);
}

void Bench::serve(const std::vector<const Peer*>& peers, route::Rule rule) {
  auto endpoints = std::make_shared<runtime::EndpointSet>();
  auto backend = std::make_shared<runtime::Backend>();
  backend->name = "default/b:80";
  backend->protocol = backend_protocol;
  for (const Peer* peer : peers) backend->endpoints.push_back(peer->address());
  endpoints->backends = {backend};
  for (const Peer* other : others) {
    auto one = std::make_shared<runtime::Backend>();
    one->name = "default/other:80";
    one->endpoints.push_back(other->address());
    endpoints->backends.push_back(std::move(one));
  }
  route::Forward forward;
  forward.backends.push_back({.backend = {0}, .weight = weight, .name = "default/b:80", .failure = {}, .filters = {}});
  forward.total_weight = weight;
  rule.action = std::move(forward);
  publish(std::make_shared<route::Rule>(std::move(rule)), std::move(endpoints));
}

void Bench::serve_action(route::Action action) {
  auto rule = std::make_shared<route::Rule>();
  rule->action = std::move(action);
  publish(std::move(rule), std::make_shared<runtime::EndpointSet>());
}

void Bench::publish(std::shared_ptr<const route::Rule> rule, std::shared_ptr<const runtime::EndpointSet> endpoints) {
  std::vector<route::Entry> entries;
  entries.push_back({.match = std::make_shared<const route::Match>(), .rule = std::move(rule)});
  std::vector<std::pair<std::string, route::HostTablePtr>> hosts;
  hosts.emplace_back("*", std::make_shared<route::HostTable>(std::move(entries)));
  std::vector<route::Listener> listeners;
  listeners.push_back(
      {.id = {0},
       .gateway = "default/gw",
       .name = "http",
       .hostname = "*",
       .port = 80,
       .public_port = 80,
       .protocol = socket->protocol == runtime::SocketProtocol::Https ? route::Protocol::Https : route::Protocol::Http,
       .table = std::make_shared<route::ListenerTable>(std::move(hosts))});
  auto compiled = std::make_shared<runtime::Compiled>();
  compiled->generation = Generation{++generation_};
  compiled->table = std::make_shared<route::RoutingTable>(
      std::vector<std::shared_ptr<const route::PortTable>>{std::make_shared<route::PortTable>(std::move(listeners))});
  compiled->endpoints = std::move(endpoints);
  compiled->session_key = session_key;
  const net::SnapshotRef previous = context.current;
  context.current = net::SnapshotRef(new net::Snapshot(std::move(compiled), nullptr));
  poller->begin_turn();
  context.apply_observers.for_each([&](net::ApplyObserver& observer) { observer.on_apply(previous, context.current); });
  poller->end_turn();
}

End Bench::connect() {
  const net::UniqueFd listener = make_socket(0);
  bind_to_loopback(listener);
  EXPECT_EQ(::listen(listener.get(), 8), 0);
  net::UniqueFd client = make_socket(0);
  connect_to(client, net::local_address(listener.get()));
  net::UniqueFd accepted(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  EXPECT_TRUE(accepted);
  const runtime::SocketAddress peer = net::local_address(client.get());
  EXPECT_EQ(::fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
  return connect(net::Connection(std::move(accepted), peer, socket->address), std::move(client));
}

End Bench::connect(net::Connection server, net::UniqueFd client) {
  poller->begin_turn();
  factory->start(std::move(server), socket);
  poller->end_turn();
  return End(std::move(client));
}

bool Bench::run_until(const std::function<bool()>& done) {
  const Monotonic limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    static_cast<void>(poller->wait(Millis(10)));
    poller->begin_turn();
    context.wheel.advance(poller->now());
    poller->end_turn();
  }
  return true;
}

void Bench::settle() {
  while (poller->wait(Millis(2)) > 0) {
  }
}

std::string Bench::expect(End& end, std::string_view text) {
  EXPECT_TRUE(run_until([&] { return end.pull().contains(text); })) << "want: " << text << "\nhave: " << end.received;
  return end.take();
}

End Bench::accept(Peer& peer) {
  End end;
  EXPECT_TRUE(run_until([&] {
    end = peer.accept();
    return end.is_open();
  })) << "no connection";
  return end;
}

void Bench::expect_end(End& end) {
  EXPECT_TRUE(run_until([&] { return end.pull(), end.ended || end.cut; }));
  EXPECT_TRUE(end.ended);
}

void Bench::expect_cut(End& end) {
  EXPECT_TRUE(run_until([&] { return end.pull(), end.ended || end.cut; }));
  EXPECT_TRUE(end.cut);
}

void Bench::round_trip(End& client, End& backend, std::string_view request, std::string_view answer,
                       std::string_view mark) {
  client.send(request);
  expect(backend, "\r\n\r\n");
  backend.send(answer);
  expect(client, mark);
}

}  // namespace pintle::proxy
