#include "test/unit/dataplane/upstream/bench.hpp"

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace pintle::upstream {
namespace {

net::UniqueFd make_socket(int flags) { return net::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)); }

void connect_to(const net::UniqueFd& fd, const runtime::SocketAddress& address) {
  const net::RawAddress raw = net::to_raw(address);
  const int result = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length);
  EXPECT_TRUE(result == 0 || errno == EINPROGRESS);
}

std::unique_ptr<net::Poller> make_poller() { return std::move(net::Poller::make().value()); }

}  // namespace

Peer::Peer(Kind kind) : fd_(make_socket(0)) {
  const net::RawAddress raw = net::to_raw({.ip = {127, 0, 0, 1}});
  EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(raw.bytes), raw.length), 0);
  address_ = net::local_address(fd_.get());
  if (kind == Kind::Accepts) listen();
  if (kind != Kind::Hangs) return;
  // A full accept queue: further SYNs are dropped without an answer.
  EXPECT_EQ(::listen(fd_.get(), 0), 0);
  for (int i = 0; i < 4; ++i) {
    fillers_.push_back(make_socket(SOCK_NONBLOCK));
    connect_to(fillers_.back(), address_);
  }
}

net::UniqueFd Peer::accept() {
  net::UniqueFd accepted(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(accepted);
  return accepted;
}

net::UniqueFd Peer::accept_waiting() {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, 0) <= 0) return {};
  return accept();
}

void Peer::listen() { EXPECT_EQ(::listen(fd_.get(), 1024), 0); }

BackendPtr make_backend(std::string name, std::vector<runtime::SocketAddress> endpoints) {
  auto backend = std::make_shared<runtime::Backend>();
  backend->name = std::move(name);
  backend->endpoints = std::move(endpoints);
  return backend;
}

Bench::Bench(const Settings& settings) : poller(make_poller()), context(*poller, 0, 42) {
  context.observe = &counts;
  upstreams = Upstreams::make(context, settings);
}

Bench::~Bench() {
  upstreams.reset();
  EXPECT_EQ(counts.opened, counts.closed);
  EXPECT_EQ(counts.busy, 0);
  EXPECT_EQ(counts.ejected, 0);
}

void Bench::publish(std::vector<BackendPtr> backends) {
  backends_ = std::move(backends);
  auto endpoints = std::make_shared<runtime::EndpointSet>();
  endpoints->backends = backends_;
  auto compiled = std::make_shared<runtime::Compiled>();
  compiled->generation = Generation{++generation_};
  compiled->endpoints = std::move(endpoints);
  const net::SnapshotRef previous = context.current;
  context.current = net::SnapshotRef(new net::Snapshot(std::move(compiled), nullptr));
  poller->begin_turn();
  context.apply_observers.for_each([&](net::ApplyObserver& observer) { observer.on_apply(previous, context.current); });
  poller->end_turn();
}

bool Bench::run_until(const std::function<bool()>& done) {
  const Monotonic limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!done()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    static_cast<void>(poller->wait(Millis(20)));
    context.wheel.advance(std::chrono::steady_clock::now());
  }
  return true;
}

void Bench::settle() {
  while (poller->wait(Millis(0)) > 0) {
  }
}

void Bench::pass(Millis span) {
  poller->begin_turn();
  context.wheel.advance(poller->now() + span);
  poller->end_turn();
}

void Bench::await_clock(Millis span) {
  const Monotonic until = poller->now() + span;
  while (poller->now() < until) {
    poller->begin_turn();
    poller->end_turn();
  }
}

Link* Bench::open(User& user, Reuse reuse) {
  const int opened = user.opened;
  const Acquired acquired = acquire(user, reuse);
  EXPECT_NE(acquired.link, nullptr) << acquired.detail;
  if (acquired.link != nullptr && !acquired.connected)
    EXPECT_TRUE(run_until([&] { return user.opened > opened; })) << user.failure_detail;
  return acquired.link;
}

void send_text(const net::UniqueFd& fd, std::string_view text) {
  EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
}

bool is_closed_by_us(const net::UniqueFd& fd) {
  char byte = 0;
  const ssize_t n = ::recv(fd.get(), &byte, 1, MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno == ECONNRESET);
}

}  // namespace pintle::upstream
