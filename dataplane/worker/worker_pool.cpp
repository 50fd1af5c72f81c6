#include "dataplane/worker/worker_pool.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <map>
#include <pthread.h>
#include <sys/random.h>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/core.h>

#include <pintle/base/log.hpp>

#include "dataplane/net/datagrams.hpp"
#include "dataplane/net/tickets.hpp"
#include "dataplane/net/tls_contexts.hpp"
#include "dataplane/worker/resources.hpp"

namespace pintle::worker {
namespace asio = boost::asio;

namespace {

constexpr Millis pressure_interval{250};

std::uint64_t random_seed() noexcept {
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed))
    seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  return seed;
}

Result<std::vector<net::UniqueFd>> open_sockets(const runtime::SocketAddress& address, unsigned count) {
  return address.transport == runtime::Transport::Udp ? net::open_datagram_sockets(address, count)
                                                      : net::open_listening_sockets(address, count);
}

bool speaks_tls(const runtime::ListenerPlan& plan) {
  return std::ranges::any_of(plan.sockets,
                             [](const auto& socket) { return socket.protocol == runtime::SocketProtocol::Https; });
}

}  // namespace

struct WorkerPool::State : std::enable_shared_from_this<State> {
  explicit State(asio::io_context& io) : control(io), pressure_timer(io), ticket_timer(io), drain_timer(io) {}

  struct Publication {
    runtime::CompiledPtr compiled;
    std::function<void(const runtime::ApplyReport&)> done;
  };

  void publish_next();
  std::vector<std::vector<OpenedSocket>> bind_new(const runtime::ListenerPlan& plan, runtime::ApplyReport& report);
  void acknowledge(Generation generation);
  void watch_memory();
  void rotate_tickets();
  void finish_draining(Millis max);
  void drained();
  void start_threads(const MakeSessions& make_sessions);
  /// Brings `call` from a worker to the control thread; nothing happens if the pool is gone by then.
  template <class Call>
  void post_control(Call call) {
    asio::post(control, [weak = weak_from_this(), call] {
      if (const auto state = weak.lock(); state && !state->stopped) call(*state);
    });
  }

  asio::io_context& control;
  asio::steady_timer pressure_timer;
  asio::steady_timer ticket_timer;
  asio::steady_timer drain_timer;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  std::deque<Publication> queue;  ///< the first is under way while `publishing`
  bool publishing = false;
  bool closed = false;  ///< past the drain's delay: nothing is bound any more
  bool stopped = false;
  runtime::ApplyReport report;
  std::map<runtime::SocketAddress, runtime::SocketAddress> bound;
  std::shared_ptr<const net::TlsContexts> tls;
  std::shared_ptr<const net::TicketRing> tickets;
  Resources resources;
  std::uint64_t memory_cap = 0;
  net::Pressure pressure = net::Pressure::None;
  std::size_t draining_workers = 0;
  std::function<void()> on_drained;
};

Result<std::unique_ptr<WorkerPool>> WorkerPool::make(asio::io_context& control, const PoolSettings& settings,
                                                     const MakeSessions& make_sessions) {
  auto state = std::make_shared<State>(control);
  const unsigned count =
      settings.threads != 0 ? settings.threads : choose_threads(state->resources.cpu_quota(), usable_cpus());
  const std::uint64_t descriptors = raise_descriptor_limit();
  const std::size_t connections = settings.max_connections != 0
                                      ? std::max<std::size_t>(settings.max_connections / count, 1)
                                      : choose_max_connections(descriptors, count);
  const std::size_t pipes = state->resources.tcp_paces() ? 0 : choose_max_pipes(descriptors, count);
  const std::size_t flows = choose_max_flows(descriptors, state->resources.local_ports(), count);
  state->memory_cap = settings.memory_cap != 0 ? settings.memory_cap : state->resources.memory_limit().value_or(0);
  const std::uint64_t seed = random_seed();
  for (unsigned i = 0; i < count; ++i) {
    auto worker = Worker::make({.index = i,
                                .seed = seed ^ (0x9e3779b97f4a7c15u * (i + 1)),
                                .max_connections = connections,
                                .max_pipes = pipes,
                                .max_flows = flows});
    if (!worker) return std::unexpected(std::move(worker.error()));
    state->workers.push_back(std::move(*worker));
  }
  state->rotate_tickets();
  if (!state->tickets) return make_error(ErrorCode::Internal, "no randomness for TLS ticket keys");
  if (state->memory_cap != 0) state->watch_memory();
  std::unique_ptr<WorkerPool> pool(new WorkerPool(state));
  state->start_threads(make_sessions);
  return pool;
}

void WorkerPool::State::start_threads(const MakeSessions& make_sessions) {
  // Signals are the control thread's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (auto& worker : workers) {
    threads.emplace_back([worker = worker.get(), make_sessions] { worker->run(make_sessions); });
    const std::string name = fmt::format("pintle-w{}", threads.size() - 1);
    pthread_setname_np(threads.back().native_handle(), name.c_str());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  state_->stopped = true;
  state_->queue.clear();
  state_->on_drained = nullptr;
  state_->pressure_timer.cancel();
  state_->ticket_timer.cancel();
  state_->drain_timer.cancel();
  for (auto& worker : state_->workers) worker->post([](Worker& self) { self.stop(); });
  for (auto& thread : state_->threads) thread.join();
  state_->workers.clear();
}

void WorkerPool::publish(runtime::CompiledPtr compiled, std::function<void(const runtime::ApplyReport&)> done) {
  state_->queue.push_back({std::move(compiled), std::move(done)});
  if (!state_->publishing) state_->publish_next();
}

void WorkerPool::State::publish_next() {
  if (queue.empty()) return;
  publishing = true;
  const runtime::CompiledPtr compiled = queue.front().compiled;
  report = {};
  report.generation = compiled->generation;
  report.workers = static_cast<std::uint32_t>(workers.size());
  auto opened = bind_new(*compiled->plan, report);
  if (speaks_tls(*compiled->plan)) {
    auto built = net::TlsContexts::build(*compiled, tls.get());
    if (built)
      tls = std::move(*built);
    else
      log::error("TLS is unavailable: {}", built.error().context);
  } else {
    tls.reset();
  }
  for (std::size_t i = 0; i < workers.size(); ++i) {
    Update update{compiled, tls, std::move(opened[i])};
    workers[i]->post([this, update = std::move(update)](Worker& worker) mutable {
      const Generation generation = update.compiled->generation;
      worker.apply(std::move(update));
      // The pool joins its workers before the state goes, so `this` is alive on a worker's thread.
      post_control([generation](State& state) { state.acknowledge(generation); });
    });
  }
}

std::vector<std::vector<OpenedSocket>> WorkerPool::State::bind_new(const runtime::ListenerPlan& plan,
                                                                   runtime::ApplyReport& result) {
  std::vector<std::vector<OpenedSocket>> opened(workers.size());
  std::map<runtime::SocketAddress, runtime::SocketAddress> kept;
  for (const runtime::PlannedSocket& planned : plan.sockets) {
    runtime::SocketResult outcome{planned.id, planned.address, std::nullopt};
    if (const auto known = bound.find(planned.address); known != bound.end()) {
      outcome.address = known->second;
      kept.insert(*known);
    } else if (closed) {
      outcome.error = Error{ErrorCode::Closed, Side::Internal, Retry::Never, "the process is going away"};
    } else if (auto sockets = open_sockets(planned.address, static_cast<unsigned>(workers.size())); !sockets) {
      outcome.error = std::move(sockets.error());
    } else {
      outcome.address = net::local_address(sockets->front().get());
      outcome.address.transport = planned.address.transport;
      kept.emplace(planned.address, outcome.address);
      for (std::size_t i = 0; i < workers.size(); ++i) opened[i].push_back({planned.address, std::move((*sockets)[i])});
    }
    result.sockets.push_back(std::move(outcome));
  }
  bound = std::move(kept);
  return opened;
}

void WorkerPool::State::acknowledge(Generation generation) {
  if (!publishing || report.generation != generation || ++report.acknowledged < report.workers) return;
  publishing = false;
  const auto done = std::move(queue.front().done);
  queue.pop_front();
  const runtime::ApplyReport complete = std::move(report);
  publish_next();
  if (done) done(complete);
}

void WorkerPool::State::watch_memory() {
  pressure_timer.expires_after(pressure_interval);
  pressure_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped) return;
    const net::Pressure now = next_pressure(self->pressure, self->resources.resident_memory(), self->memory_cap);
    // Told again while it lasts: new idle connections are shed too.
    if (now != self->pressure || now != net::Pressure::None) {
      if (now != self->pressure) log::warning("memory pressure: level {} of 3", static_cast<int>(now));
      self->pressure = now;
      for (auto& worker : self->workers) worker->post([now](Worker& target) { target.set_pressure(now); });
    }
    self->watch_memory();
  });
}

void WorkerPool::State::rotate_tickets() {
  if (auto next = net::TicketRing::rotate(tickets.get())) tickets = std::move(next);
  for (auto& worker : workers) worker->post([ring = tickets](Worker& target) { target.set_tickets(ring); });
  ticket_timer.expires_after(net::ticket_rotation);
  ticket_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->stopped) self->rotate_tickets();
  });
}

void WorkerPool::drain(const DrainSettings& settings, std::function<void()> done) {
  state_->on_drained = std::move(done);
  for (auto& worker : state_->workers) worker->post([](Worker& target) { target.start_draining(); });
  state_->drain_timer.expires_after(settings.delay);
  state_->drain_timer.async_wait(
      [weak = state_->weak_from_this(), max = settings.max](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!error && self && !self->stopped) self->finish_draining(max);
      });
}

void WorkerPool::State::finish_draining(Millis max) {
  closed = true;
  bound.clear();
  draining_workers = workers.size();
  for (auto& worker : workers)
    worker->post([this](Worker& target) {
      target.finish_draining([this] {
        post_control([](State& state) {
          if (--state.draining_workers == 0) state.drained();
        });
      });
    });
  drain_timer.expires_after(max);
  drain_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped) return;
    for (auto& worker : self->workers) worker->post([](Worker& target) { target.close_sessions(); });
  });
}

void WorkerPool::State::drained() {
  drain_timer.cancel();
  if (const auto done = std::exchange(on_drained, nullptr)) done();
}

unsigned WorkerPool::threads() const noexcept { return static_cast<unsigned>(state_->workers.size()); }
net::Pressure WorkerPool::pressure() const noexcept { return state_->pressure; }

void WorkerPool::post_to_all(const std::function<void(Worker&)>& task) {
  for (auto& worker : state_->workers) worker->post([task](Worker& target) { task(target); });
}

}  // namespace pintle::worker
