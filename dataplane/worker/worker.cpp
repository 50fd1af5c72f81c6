#include "dataplane/worker/worker.hpp"

#include <algorithm>

#include <pintle/base/log.hpp>

#include "dataplane/net/tls_contexts.hpp"

namespace pintle::worker {
namespace {

constexpr int most_shed_at_once = 16;  // when accepting failed

}  // namespace

class Worker::Door final : public net::AcceptSink {
 public:
  Door(Worker& worker, OpenedSocket opened) : worker_(worker), address_(opened.address), fd_(std::move(opened.fd)) {}
  /// Begins to accept; a UDP socket begins with its first assign().
  [[nodiscard]] Result<void> start() {
    if (address_.transport == runtime::Transport::Udp) return {};
    listener_ = std::make_unique<net::Listener>(
        net::Listener::Environment{worker_.context_.poller, worker_.context_.wheel, worker_.reserve_, *this},
        std::move(fd_));
    return listener_->start();
  }
  void on_accept(net::Listener&, net::UniqueFd fd, const runtime::SocketAddress& peer) override {
    worker_.accept(*this, std::move(fd), peer);
  }
  void on_accept_exhausted(net::Listener& listener, net::AcceptFailure failure) override {
    net::WorkerContext& context = worker_.context_;
    for (int shed = 0; shed < most_shed_at_once; ++shed)
      if (!shed_one_idle(context.sessions) && !shed_one_idle(context.flows)) break;
    worker_.context_.pipes.trim();
    if (worker_.context_.now() < worker_.next_log_) return;
    worker_.next_log_ = worker_.context_.now() + std::chrono::seconds(10);
    log::warning("{}: accepting pauses, {}; {} connections shed", runtime::to_string(address_),
                 failure == net::AcceptFailure::NoDescriptors ? "no file descriptors left"
                 : failure == net::AcceptFailure::NoMemory    ? "no memory left"
                                                              : "the socket is broken",
                 listener.shed_count());
  }
  /// The socket as the plan has it now. Another protocol is another socket to sessions: the old ones drain.
  void assign(const runtime::PlannedSocket& planned) {
    if (socket_ && socket_->protocol == planned.protocol) {
      socket_->id = planned.id;
      socket_->hello_first = planned.hello_first;
      return;
    }
    leave();
    socket_ = std::make_shared<net::BoundSocket>(net::BoundSocket{.address = planned.address,
                                                                  .id = planned.id,
                                                                  .protocol = planned.protocol,
                                                                  .hello_first = planned.hello_first});
    if (planned.protocol == runtime::SocketProtocol::Udp) datagrams_ = worker_.sessions_->open(std::move(fd_), socket_);
  }
  void leave() {
    if (!socket_) return;
    socket_->leaving = true;
    worker_.drain_sessions_of(*socket_);
  }
  [[nodiscard]] const runtime::SocketAddress& address() const noexcept { return address_; }
  [[nodiscard]] const std::shared_ptr<net::BoundSocket>& socket() const noexcept { return socket_; }
  /// New connections wait in the backlog; datagrams of no flow are dropped by their port.
  void hold() noexcept {
    if (listener_) listener_->hold();
  }
  void resume() noexcept {
    if (listener_) listener_->resume();
  }

 private:
  Worker& worker_;
  runtime::SocketAddress address_;
  std::shared_ptr<net::BoundSocket> socket_;
  net::UniqueFd fd_;                              ///< until it is at work
  std::unique_ptr<net::Listener> listener_;       ///< of a TCP socket
  std::unique_ptr<net::DatagramPort> datagrams_;  ///< of a UDP socket
};

Result<std::unique_ptr<Worker>> Worker::make(const WorkerSettings& settings) {
  auto poller = net::Poller::make();
  if (!poller) return std::unexpected(std::move(poller.error()));
  std::unique_ptr<Worker> worker(new Worker(settings, std::move(*poller)));
  auto mailbox = Mailbox::make(*worker->poller_);
  if (!mailbox) return std::unexpected(std::move(mailbox.error()));
  worker->mailbox_ = std::move(*mailbox);
  return worker;
}

Worker::Worker(const WorkerSettings& settings, std::unique_ptr<net::Poller> poller)
    : settings_(settings),
      poller_(std::move(poller)),
      context_(*poller_, settings.index, settings.seed),
      tls_(context_.buffers),
      loop_(*poller_, context_.wheel) {
  context_.pipes.set_limit(settings.max_pipes);
  context_.max_flows = settings.max_flows;
  context_.tls = &tls_;
}

Worker::~Worker() = default;

void Worker::post(std::move_only_function<void(Worker&)> task) {
  mailbox_->post([this, task = std::move(task)]() mutable { task(*this); });
}

void Worker::run(const MakeSessions& make_sessions) {
  sessions_ = make_sessions(context_);
  loop_.run();
  // Here the sessions still have all they may use; nothing is left for another thread to destroy.
  doors_.clear();
  close_sessions();
  poller_->end_turn();
  sessions_.reset();
  context_.current = {};
}

void Worker::stop() { loop_.stop(); }

void Worker::apply(Update update) {
  const auto& plan = *update.compiled->plan;
  open_doors(std::move(update.opened));
  const net::SnapshotRef previous = context_.current;
  context_.current = net::SnapshotRef(new net::Snapshot(std::move(update.compiled), std::move(update.tls)));
  renumber_doors(plan);
  context_.apply_observers.for_each(
      [&](net::ApplyObserver& observer) { observer.on_apply(previous, context_.current); });
  close_leaving_doors();
}

void Worker::open_doors(std::vector<OpenedSocket> opened) {
  for (OpenedSocket& socket : opened) {
    auto door = std::make_unique<Door>(*this, std::move(socket));
    if (auto started = door->start(); !started) {
      log::error("{}: {}", runtime::to_string(door->address()), started.error().context);
      continue;
    }
    if (context_.pressure >= net::Pressure::StopAccepting) door->hold();
    doors_.push_back(std::move(door));
  }
}

void Worker::renumber_doors(const runtime::ListenerPlan& plan) {
  for (const auto& door : doors_) {
    const auto planned = std::ranges::find(plan.sockets, door->address(), &runtime::PlannedSocket::address);
    if (planned != plan.sockets.end())
      door->assign(*planned);
    else
      door->leave();
  }
}

void Worker::close_leaving_doors() {
  std::erase_if(doors_, [](const auto& door) { return !door->socket() || door->socket()->leaving; });
}

template <class Visit>
void Worker::for_each_session(const Visit& visit) {
  context_.sessions.for_each(visit);
  context_.flows.for_each(visit);
}

void Worker::drain_sessions_of(const net::BoundSocket& socket) {
  for_each_session([&](net::Session& session) {
    if (&session.socket() == &socket) session.drain();
  });
}

void Worker::accept(Door& door, net::UniqueFd fd, const runtime::SocketAddress& peer) {
  if (!door.socket() || !make_room()) {
    ++refused_;
    return;
  }
  const net::BoundSocket& socket = *door.socket();
  net::Connection connection(std::move(fd), peer, socket.address);
  if (socket.protocol == runtime::SocketProtocol::Https && !socket.hello_first &&
      !net::attach_tls(context_, socket, connection)) {
    ++refused_;
    return;
  }
  sessions_->start(std::move(connection), door.socket());
}

bool Worker::make_room() {
  if (settings_.max_connections == 0 || context_.session_count < settings_.max_connections) return true;
  // An idle client makes room; it counts until the end of the turn, so the limit may be passed by those shed in this
  // turn.
  return shed_one_idle(context_.sessions);
}

// The clock algorithm: whoever is busy, or has been served since it was looked at, goes to the end of the list. So a
// flood of silent connections sheds its own, and at the limit a new connection costs a bounded look at the others.
bool Worker::shed_one_idle(net::IntrusiveList<net::Session>& sessions) {
  constexpr int most_looks = 64;
  net::Session* second_best = nullptr;
  for (int looks = 0; looks < most_looks; ++looks) {
    net::Session* const session = sessions.front();
    if (session == nullptr) break;
    const bool idle = session->is_idle();
    if (idle && !session->take_served()) {
      session->close();
      return true;
    }
    if (idle && second_best == nullptr) second_best = session;
    sessions.push_back(*session);
  }
  if (second_best != nullptr) second_best->close();
  return second_best != nullptr;
}

void Worker::shed_all_idle() {
  for_each_session([](net::Session& session) {
    if (session.is_idle()) session.close();
  });
}

void Worker::set_pressure(net::Pressure pressure) {
  context_.pressure = pressure;
  context_.apply_observers.for_each([&](net::ApplyObserver& observer) { observer.on_pressure(pressure); });
  if (pressure >= net::Pressure::ShedIdle) {
    shed_all_idle();
    context_.buffers.trim();
    context_.pipes.trim();
  }
  for (const auto& door : doors_) {
    if (pressure >= net::Pressure::StopAccepting)
      door->hold();
    else
      door->resume();
  }
}

void Worker::finish_draining(std::move_only_function<void()> empty) {
  context_.draining = true;
  doors_.clear();
  for_each_session([](net::Session& session) { session.drain(); });
  on_empty_ = std::move(empty);
  context_.arm_after(empty_timer_, Millis(0));
}

void Worker::look_if_empty() {
  if (!on_empty_) return;
  if (context_.session_count + context_.flow_count > 0)
    return context_.arm_after(empty_timer_, net::TimerWheel::slot_width);
  std::exchange(on_empty_, nullptr)();
}

void Worker::close_sessions() {
  for_each_session([](net::Session& session) { session.close(); });
}

}  // namespace pintle::worker
