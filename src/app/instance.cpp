#include "src/app/instance.hpp"

#include <csignal>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "dataplane/l4/l4.hpp"
#include "dataplane/net/tls_context.hpp"
#include "dataplane/worker/worker_pool.hpp"
#include "src/app/admin_sources.hpp"
#include "src/app/cli_values.hpp"
#include "src/app/configuration_log.hpp"
#include "src/app/observed_sessions.hpp"
#include "src/app/serve_settings.hpp"

namespace pintle::app {
namespace {

namespace asio = boost::asio;

constexpr Millis stop_question_interval{50};

/// "30 s", "1.5 s", "200 ms".
[[nodiscard]] std::string in_words(Millis time) {
  return time < Millis(1000) ? fmt::format("{} ms", time.count())
                             : fmt::format("{:g} s", static_cast<double>(time.count()) / 1000);
}

/// Keys stay in this memory: no core file, no debugger of the same user (req 58).
void keep_memory_private() noexcept {
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

struct Instance::State {
  State(const RunOptions& given, InstanceEvents told)
      : options(given), events(std::move(told)), metrics(given.max_metric_series) {}

  [[nodiscard]] Result<std::unique_ptr<admin::Server>> make_server(const std::string& where, admin::Sources sources);
  [[nodiscard]] Result<void> start_admin();
  [[nodiscard]] Result<void> start_workers();
  void await_signal();
  void await_stop_question();
  void on_signal(int number);
  void on_served(const reconcile::Served& served);
  void on_first_served(const reconcile::Served& served);
  void drain(const worker::DrainSettings& settings);

  const RunOptions& options;
  InstanceEvents events;
  asio::io_context io;
  asio::signal_set signals{io, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer stop_question{io};
  Exit exit = Exit::Fine;
  bool draining = false;
  bool was_served = false;
  std::vector<api::Finding> findings;
  observe::Metrics metrics;
  observe::ControlMetrics control;
  ConfigurationLog configuration_log;
  // Destroyed from the last to the first: nobody is called by what outlives it.
  std::unique_ptr<worker::WorkerPool> pool;
  std::unique_ptr<reconcile::Reconciler> reconciler;
  std::unique_ptr<admin::Server> admin;
  std::unique_ptr<admin::Server> health;
};

Result<std::unique_ptr<admin::Server>> Instance::State::make_server(const std::string& where, admin::Sources sources) {
  if (where == "off") return nullptr;
  const auto address = parse_address_and_port(where);
  if (!address) return std::unexpected(address.error());
  return admin::Server::make(io, *address, std::move(sources));
}

Result<void> Instance::State::start_admin() {
  const admin::Sources all =
      make_admin_sources({.served = [this] { return reconciler ? reconciler->served() : nullptr; },
                          .findings = [this] { return findings; },
                          .is_draining = [this] { return draining; },
                          .waits_for = events.waits_for,
                          .metrics = metrics,
                          .control = control,
                          .program = {.version = std::string(version()),
                                      .commit = std::string(git_commit()),
                                      .started_at = wall_now().time_since_epoch().count()}});
  admin::Sources for_probes;
  for_probes.metrics = all.metrics;
  for_probes.readiness = all.readiness;
  auto made = make_server(options.admin, all);
  if (!made) return std::unexpected(std::move(made.error()));
  admin = std::move(*made);
  made = make_server(options.health, std::move(for_probes));
  if (!made) return std::unexpected(std::move(made.error()));
  health = std::move(*made);
  return {};
}

Result<void> Instance::State::start_workers() {
  auto access_log = open_access_log(options);
  if (!access_log) return std::unexpected(std::move(access_log.error()));
  auto make_sessions = [settings = proxy_settings(options)](net::WorkerContext& context) {
    l4::Settings l4;
    l4.upstream = settings.upstream;
    return l4::make_session_factory(context, l4, proxy::make_session_factory(context, settings));
  };
  auto made = worker::WorkerPool::make(io, {.threads = options.threads, .max_connections = options.max_connections},
                                       observe_sessions(std::move(make_sessions), metrics, std::move(*access_log)));
  if (!made) return std::unexpected(std::move(made.error()));
  pool = std::move(*made);
  return {};
}

void Instance::State::on_served(const reconcile::Served& served) {
  findings = served.findings;
  if (served.compiled->generation != control.generation) count_served(control, served);
  write(configuration_log.on_served(served));
  if (!std::exchange(was_served, true)) {
    // Reading all objects left free pages between what stays; edits never leave that many.
    (void)::malloc_trim(0);
    on_first_served(served);
  }
  if (events.on_served) events.on_served(served);
}

void Instance::State::on_first_served(const reconcile::Served& served) {
  if (events.on_ready) events.on_ready(admin ? to_string(admin->address()) : std::string());
  if (options.after_ready != AfterReady::Exit) return;
  for (const runtime::SocketResult& socket : served.apply.sockets)
    if (socket.error && !is_spare(socket, served)) exit = Exit::Failed;
  drain({.delay = Millis(0), .max = Millis(0)});
}

void Instance::State::await_signal() {
  signals.async_wait([this](const boost::system::error_code& fault, int number) {
    if (fault) return;
    on_signal(number);
    await_signal();
  });
}

void Instance::State::on_signal(int number) {
  if (number == SIGHUP) {
    if (events.on_hangup) events.on_hangup();
  } else if (!draining) {
    const std::string delay = options.drain_delay > Millis(0)
                                  ? fmt::format("accepting for {} more, then ", in_words(options.drain_delay))
                                  : "";
    log::info("{}: draining; {}requests in flight have {}", number == SIGINT ? "INT" : "TERM", delay,
              in_words(options.drain_max));
    drain({.delay = options.drain_delay, .max = options.drain_max});
  } else if (number == SIGINT) {
    log::warning("INT again: ending at once, requests in flight are cut");
    exit = Exit::Failed;
    io.stop();
  }
}

void Instance::State::drain(const worker::DrainSettings& settings) {
  if (std::exchange(draining, true)) return;
  if (events.on_drain) events.on_drain();
  pool->drain(settings, [this] { io.stop(); });
}

void Instance::State::await_stop_question() {
  stop_question.expires_after(stop_question_interval);
  stop_question.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    if (events.should_stop()) return drain({.delay = options.drain_delay, .max = options.drain_max});
    await_stop_question();
  });
}

Instance::Instance(const RunOptions& options, InstanceEvents events)
    : state_(std::make_unique<State>(options, std::move(events))) {}
Instance::~Instance() = default;

asio::io_context& Instance::io() noexcept { return state_->io; }

Result<void> Instance::open() {
  state_->await_signal();
  if (state_->events.should_stop) state_->await_stop_question();
  if (Result<void> started = state_->start_admin(); !started) return started;
  return state_->start_workers();
}

void Instance::reconcile(reconcile::Settings settings, ReconcileWiring wiring) {
  State& state = *state_;
  state.reconciler = std::make_unique<reconcile::Reconciler>(
      state.io, std::move(settings),
      reconcile::Ports{.publisher = *state.pool,
                       .sink = wiring.sink,
                       .make_internal_certificate = std::move(wiring.make_internal_certificate),
                       .session_key = std::move(wiring.session_key),
                       .expose = std::move(wiring.expose),
                       .compare_replicas = std::move(wiring.compare_replicas),
                       .on_served = [&state](const reconcile::Served& served) { state.on_served(served); },
                       .on_findings =
                           [&state](const std::vector<api::Finding>& findings) {
                             state.findings = findings;
                             write(state.configuration_log.on_findings(findings));
                           }});
}

void Instance::on_batch(const source::Batch& batch) { state_->reconciler->on_batch(batch); }
void Instance::renew_certificates() { state_->reconciler->renew_certificates(); }
void Instance::look_again() { state_->reconciler->look_again(); }
void Instance::judge_again() { state_->reconciler->judge_again(); }
void Instance::recount() { state_->reconciler->recount(); }

std::string Instance::description() const {
  const unsigned threads = state_->pool->threads();
  return fmt::format("{} worker{}; admin address {}", threads, threads == 1 ? "" : "s",
                     state_->admin ? "http://" + to_string(state_->admin->address()) : "off");
}

Exit Instance::run() {
  state_->io.run();
  return state_->exit;
}

void prepare_to_serve(const RunOptions& options) {
  log::configure(options.log_level, options.log_format);
  net::init_tls_library();
  keep_memory_private();
}

}  // namespace pintle::app
