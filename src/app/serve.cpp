// The wiring of a running Pintle, all of it on the control thread:
//
//   FolderSource ──> Reconciler ──> WorkerPool (a session factory, with its observer, on each worker)
//                        │ on_served
//                        ├──> ConfigurationLog ──> log        admin::Server <── Sources
//                        └──> ControlMetrics
#include "src/app/serve.hpp"

#include <csignal>
#include <malloc.h>
#include <memory>
#include <optional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "controller/source/folder_source.hpp"
#include "dataplane/net/tls_context.hpp"
#include "dataplane/worker/worker_pool.hpp"
#include "src/app/admin_sources.hpp"
#include "src/app/cli_values.hpp"
#include "src/app/configuration_log.hpp"
#include "src/app/internal_ca.hpp"
#include "src/app/observed_sessions.hpp"
#include "src/app/route_hosts.hpp"
#include "src/app/serve_settings.hpp"

namespace pintle::app {
namespace {

namespace asio = boost::asio;

constexpr Millis stop_question_interval{50};
constexpr std::chrono::hours certificate_question_interval{1};

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

class Serving {
 public:
  Serving(const ServeOptions& options, const ServeEvents& events)
      : options_(options), events_(events), metrics_(options.max_metric_series), sink_(options.status_dir) {}

  [[nodiscard]] Exit run() {
    if (const auto failure = start()) return *failure;
    io_.run();
    return exit_;
  }

 private:
  [[nodiscard]] std::optional<Exit> start();
  [[nodiscard]] Result<void> start_source();
  [[nodiscard]] Result<void> open_ca();
  [[nodiscard]] Result<void> start_workers();
  [[nodiscard]] Result<void> start_admin();
  void start_reconciler();
  void await_signal();
  void await_stop_question();
  void await_certificate_question();
  void on_signal(int number);
  void on_batch(const source::Batch& batch);
  void on_served(const reconcile::Served& served);
  void on_first_served(const reconcile::Served& served);
  void drain(const worker::DrainSettings& settings);

  const ServeOptions& options_;
  const ServeEvents& events_;
  asio::io_context io_;
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  asio::steady_timer stop_question_{io_};
  asio::steady_timer certificate_question_{io_};
  Exit exit_ = Exit::Fine;
  bool draining_ = false;
  bool was_served_ = false;
  std::vector<api::Finding> findings_;
  observe::Metrics metrics_;
  observe::ControlMetrics control_;
  ConfigurationLog configuration_log_;
  RouteHosts route_hosts_;
  std::unique_ptr<InternalCa> ca_;
  status::FolderStatusSink sink_;
  // Destroyed from the last to the first: nobody is called by what outlives it.
  std::unique_ptr<worker::WorkerPool> pool_;
  std::unique_ptr<reconcile::Reconciler> reconciler_;
  std::unique_ptr<source::FolderSource> source_;
  std::unique_ptr<admin::Server> admin_;
};

std::optional<Exit> Serving::start() {
  struct Step {
    Result<void> (Serving::*take)();
    Exit failure;
  };
  // What may be wrong with the configuration comes first: a supervisor must not start us again for it.
  constexpr Step steps[] = {{&Serving::start_source, Exit::Unusable},
                            {&Serving::open_ca, Exit::Unusable},
                            {&Serving::start_admin, Exit::Failed},
                            {&Serving::start_workers, Exit::Failed}};
  await_signal();
  for (const Step& step : steps)
    if (const Result<void> taken = (this->*step.take)(); !taken) {
      log::error("{}", taken.error().context);
      return step.failure;
    }
  start_reconciler();
  if (events_.should_stop) await_stop_question();
  if (ca_) await_certificate_question();
  log::info("pintle {} follows {}; {} worker{}; admin address {}", version(), fmt::join(options_.config_dirs, ", "),
            pool_->threads(), pool_->threads() == 1 ? "" : "s",
            admin_ ? "http://" + to_string(admin_->address()) : "off");
  return std::nullopt;
}

Result<void> Serving::start_source() {
  auto made = source::FolderSource::start(io_, {.directories = options_.config_dirs},
                                          [this](const source::Batch& batch) { on_batch(batch); });
  if (!made) return std::unexpected(std::move(made.error()));
  source_ = std::move(*made);
  return {};
}

Result<void> Serving::open_ca() {
  if (options_.tls != TlsMode::Internal) return {};
  const auto directory = choose_state_dir(options_.state_dir);
  if (!directory) return std::unexpected(directory.error());
  auto opened = InternalCa::open(*directory, wall_now());
  if (!opened) return std::unexpected(std::move(opened.error()));
  ca_ = std::move(*opened);
  return {};
}

Result<void> Serving::start_admin() {
  if (options_.admin == "off") return {};
  const auto address = parse_address_and_port(options_.admin);
  if (!address) return std::unexpected(address.error());
  auto sources = make_admin_sources({.served = [this] { return reconciler_ ? reconciler_->served() : nullptr; },
                                     .findings = [this] { return findings_; },
                                     .is_draining = [this] { return draining_; },
                                     .metrics = metrics_,
                                     .control = control_,
                                     .program = {.version = std::string(version()),
                                                 .commit = std::string(git_commit()),
                                                 .started_at = wall_now().time_since_epoch().count()}});
  auto made = admin::Server::make(io_, *address, std::move(sources));
  if (!made) return std::unexpected(std::move(made.error()));
  admin_ = std::move(*made);
  return {};
}

Result<void> Serving::start_workers() {
  auto access_log = open_access_log(options_);
  if (!access_log) return std::unexpected(std::move(access_log.error()));
  auto make_sessions = [settings = proxy_settings(options_)](net::WorkerContext& context) {
    return proxy::make_session_factory(context, settings);
  };
  auto made = worker::WorkerPool::make(io_, {.threads = options_.threads, .max_connections = options_.max_connections},
                                       observe_sessions(std::move(make_sessions), metrics_, std::move(*access_log)));
  if (!made) return std::unexpected(std::move(made.error()));
  pool_ = std::move(*made);
  return {};
}

void Serving::start_reconciler() {
  reconcile::Ports ports{.publisher = *pool_,
                         .sink = sink_,
                         .make_internal_certificate = {},
                         .on_served = [this](const reconcile::Served& served) { on_served(served); },
                         .on_findings =
                             [this](const std::vector<api::Finding>& findings) {
                               findings_ = findings;
                               write(configuration_log_.on_findings(findings));
                             }};
  if (ca_)
    ports.make_internal_certificate = [this](const std::string& hostname) {
      return ca_->certificate_for(hostname, wall_now());
    };
  reconciler_ = std::make_unique<reconcile::Reconciler>(io_, reconcile_settings(options_), std::move(ports));
}

void Serving::on_batch(const source::Batch& batch) {
  if (ca_) {
    route_hosts_.apply(batch);
    ca_->set_route_hosts(route_hosts_.names());
  }
  reconciler_->on_batch(batch);
}

void Serving::on_served(const reconcile::Served& served) {
  findings_ = served.findings;
  if (served.compiled->generation != control_.generation) count_served(control_, served);
  write(configuration_log_.on_served(served));
  if (std::exchange(was_served_, true)) return;
  // Reading all manifests left free pages between what stays; edits never leave that many.
  ::malloc_trim(0);
  on_first_served(served);
}

void Serving::on_first_served(const reconcile::Served& served) {
  if (events_.on_ready) events_.on_ready(admin_ ? to_string(admin_->address()) : std::string());
  if (options_.after_ready != AfterReady::Exit) return;
  for (const runtime::SocketResult& socket : served.apply.sockets)
    if (socket.error && !is_spare(socket, served)) exit_ = Exit::Failed;
  drain({.delay = Millis(0), .max = Millis(0)});
}

void Serving::await_signal() {
  signals_.async_wait([this](const boost::system::error_code& fault, int number) {
    if (fault) return;
    on_signal(number);
    await_signal();
  });
}

void Serving::on_signal(int number) {
  if (number == SIGHUP) {
    log::info("HUP: every manifest is read again");
    source_->reload();
  } else if (!draining_) {
    const std::string delay = options_.drain_delay > Millis(0)
                                  ? fmt::format("accepting for {} more, then ", in_words(options_.drain_delay))
                                  : "";
    log::info("{}: draining; {}requests in flight have {}", number == SIGINT ? "INT" : "TERM", delay,
              in_words(options_.drain_max));
    drain({.delay = options_.drain_delay, .max = options_.drain_max});
  } else if (number == SIGINT) {
    log::warning("INT again: ending at once, requests in flight are cut");
    exit_ = Exit::Failed;
    io_.stop();
  }
}

void Serving::drain(const worker::DrainSettings& settings) {
  if (std::exchange(draining_, true)) return;
  pool_->drain(settings, [this] { io_.stop(); });
}

void Serving::await_stop_question() {
  stop_question_.expires_after(stop_question_interval);
  stop_question_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    if (events_.should_stop()) return drain({.delay = options_.drain_delay, .max = options_.drain_max});
    await_stop_question();
  });
}

/// A program that runs for months without a change still renews what the own CA signed.
void Serving::await_certificate_question() {
  certificate_question_.expires_after(certificate_question_interval);
  certificate_question_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    reconciler_->renew_certificates();
    await_certificate_question();
  });
}

}  // namespace

int serve(const ServeOptions& options, const ServeEvents& events) {
  log::configure(options.log_level, options.log_format);
  net::init_tls_library();
  keep_memory_private();
  return static_cast<int>(Serving(options, events).run());
}

}  // namespace pintle::app
