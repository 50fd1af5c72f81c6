// The wiring of `pintle serve`, all of it on the control thread:
//
//   FolderSource ──> Instance ( Reconciler ──> WorkerPool ) ──> FolderStatusSink
#include "src/app/serve.hpp"

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "controller/source/folder_source.hpp"
#include "src/app/instance.hpp"
#include "src/app/internal_ca.hpp"
#include "src/app/route_hosts.hpp"
#include "src/app/serve_settings.hpp"
#include "src/app/session_key.hpp"

namespace pintle::app {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::hours certificate_question_interval{1};

class Serving {
 public:
  Serving(const ServeOptions& options, const ServeEvents& events)
      : options_(options),
        session_key_(options.state_dir),
        sink_(options.status_dir),
        instance_(options, {.on_ready = events.on_ready,
                            .waits_for = {},
                            .should_stop = events.should_stop,
                            .on_hangup = [this] { reload(); },
                            .on_served = {},
                            .on_drain = {}}) {}

  [[nodiscard]] Exit run() {
    if (const auto failure = start()) return *failure;
    return instance_.run();
  }

 private:
  [[nodiscard]] std::optional<Exit> start();
  [[nodiscard]] Result<void> start_source();
  [[nodiscard]] Result<void> open_ca();
  [[nodiscard]] Result<void> open_instance() { return instance_.open(); }
  void start_reconciling();
  void await_certificate_question();
  void on_batch(const source::Batch& batch);
  void reload();

  const ServeOptions& options_;
  RouteHosts route_hosts_;
  std::unique_ptr<InternalCa> ca_;
  SessionKeyFile session_key_;
  status::FolderStatusSink sink_;
  Instance instance_;
  asio::steady_timer certificate_question_{instance_.io()};
  std::unique_ptr<source::FolderSource> source_;
};

std::optional<Exit> Serving::start() {
  struct Step {
    Result<void> (Serving::*take)();
    Exit failure;
  };
  // What may be wrong with the configuration comes first: a supervisor must not start us again for it.
  constexpr Step steps[] = {{&Serving::start_source, Exit::Unusable},
                            {&Serving::open_ca, Exit::Unusable},
                            {&Serving::open_instance, Exit::Failed}};
  for (const Step& step : steps)
    if (const Result<void> taken = (this->*step.take)(); !taken) {
      log::error("{}", taken.error().context);
      return step.failure;
    }
  start_reconciling();
  if (ca_) await_certificate_question();
  log::info("pintle {} follows {}; {}", version(), fmt::join(options_.config_dirs, ", "), instance_.description());
  return std::nullopt;
}

Result<void> Serving::start_source() {
  auto made = source::FolderSource::start(instance_.io(), {.directories = options_.config_dirs},
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

void Serving::start_reconciling() {
  ReconcileWiring wiring{.sink = sink_, .session_key = [this] { return session_key_.key(); }};
  if (ca_)
    wiring.make_internal_certificate = [this](const std::string& hostname) {
      return ca_->certificate_for(hostname, wall_now());
    };
  instance_.reconcile(reconcile_settings(options_), std::move(wiring));
}

void Serving::on_batch(const source::Batch& batch) {
  if (ca_) {
    route_hosts_.apply(batch);
    ca_->set_route_hosts(route_hosts_.names());
  }
  instance_.on_batch(batch);
}

void Serving::reload() {
  log::info("HUP: every manifest is read again");
  source_->reload();
}

/// A program that runs for months without a change still renews what the own CA signed.
void Serving::await_certificate_question() {
  certificate_question_.expires_after(certificate_question_interval);
  certificate_question_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    instance_.renew_certificates();
    await_certificate_question();
  });
}

}  // namespace

int serve(const ServeOptions& options, const ServeEvents& events) {
  prepare_to_serve(options);
  return static_cast<int>(Serving(options, events).run());
}

}  // namespace pintle::app
