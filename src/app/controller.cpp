// The wiring of `pintle controller`, all of it on the control thread:
//
//                          KubeSource ──> Instance ( Reconciler ──> WorkerPool ) ──> KubeStatusSink, EventWriter
//   kube::Client ──────────┤                              │ expose                        │
//                          LeaderElector                  └──> plan_infra ──> InfraWriter │   write while we lead
//                                └────────────────────────────────────────────────┴───────┘
//   Peers: what is served here and by the other replicas, asked when statuses are finished
#include "src/app/controller.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "controller/infra/plan.hpp"
#include "controller/infra/writer.hpp"
#include "controller/kube/client.hpp"
#include "controller/kube/in_cluster.hpp"
#include "controller/kube/kubeconfig.hpp"
#include "controller/reconcile/event_writer.hpp"
#include "controller/reconcile/leader.hpp"
#include "controller/reconcile/peers.hpp"
#include "controller/reconcile/session_key.hpp"
#include "controller/resolve/features.hpp"
#include "controller/source/kube_source.hpp"
#include "controller/source/last_good_world.hpp"
#include "controller/status/kube_sink.hpp"
#include "src/app/controller_settings.hpp"
#include "src/app/instance.hpp"
#include "src/app/session_key.hpp"
#include "src/app/telling_sink.hpp"

namespace pintle::app {
namespace {

namespace asio = boost::asio;

[[nodiscard]] reconcile::Now system_now() {
  return {.steady = std::chrono::steady_clock::now(),
          .wall = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

constexpr Millis patience_at_start{2000};

class Controlling {
 public:
  explicit Controlling(const ControllerOptions& options)
      : options_(options),
        pod_(find_pod()),
        instance_(options, {.on_ready = {},
                            .waits_for = [this] { return source_ ? source_->waits_for() : std::string(); },
                            .should_stop = {},
                            .on_hangup = [] { log::info("HUP: a controller has nothing to read again"); },
                            .on_served = {},
                            .on_drain = [this] { give_lease_back(); }}),
        clock_(kube::make_clock(instance_.io())) {}

  [[nodiscard]] Exit run() {
    if (const auto failure = start()) return *failure;
    return instance_.run();
  }

 private:
  [[nodiscard]] std::optional<Exit> start();
  [[nodiscard]] Result<void> connect();
  [[nodiscard]] Result<void> elect();
  [[nodiscard]] Result<void> choose_session_key();
  void start_writing();
  void meet_peers();
  [[nodiscard]] Result<void> open_world();
  void start_source();
  void on_batch(source::Batch batch);
  void restore();
  void on_leadership(reconcile::Leadership leadership);
  void give_lease_back();
  [[nodiscard]] const kube::Authority& authority() const {
    return elector_ ? static_cast<const kube::Authority&>(*elector_) : sole_;
  }
  [[nodiscard]] resolve::RefSet expose(const store::ClusterSnapshot& snapshot, resolve::StatusReport& report);

  const ControllerOptions& options_;
  Pod pod_;
  infra::Settings infra_settings_;
  kube::SoleAuthority sole_;
  Instance instance_;
  std::unique_ptr<kube::Clock> clock_;
  std::unique_ptr<kube::Client> client_;
  // Destroyed from the last to the first: nobody is called by what outlives it.
  std::unique_ptr<reconcile::LeaderElector> elector_;
  std::unique_ptr<reconcile::SessionKey> session_key_;  ///< none: passing_session_key_ counts
  std::shared_ptr<const Secret> passing_session_key_;
  std::unique_ptr<status::KubeStatusSink> sink_;
  std::unique_ptr<reconcile::EventWriter> events_;
  std::unique_ptr<TellingSink> telling_sink_;
  std::unique_ptr<infra::InfraWriter> infra_;
  std::unique_ptr<reconcile::Peers> peers_;  ///< none: this replica is alone, or leads nobody's Services to pods
  std::optional<source::LastGoodWorld> world_;
  kube::Alarm patience_;  ///< with an API server that does not answer at the start
  std::unique_ptr<source::KubeSource> source_;
};

std::optional<Exit> Controlling::start() {
  struct Step {
    Result<void> (Controlling::*take)();
    Exit failure;
  };
  // What may be wrong with the configuration comes first: a supervisor must not start us again for it.
  constexpr Step steps[] = {{&Controlling::connect, Exit::Unusable},
                            {&Controlling::elect, Exit::Unusable},
                            {&Controlling::choose_session_key, Exit::Unusable},
                            {&Controlling::open_world, Exit::Unusable}};
  for (const Step& step : steps)
    if (const Result<void> taken = (this->*step.take)(); !taken) {
      log::error("{}", taken.error().context);
      return step.failure;
    }
  if (const Result<void> opened = instance_.open(); !opened) {
    log::error("{}", opened.error().context);
    return Exit::Failed;
  }
  start_writing();
  start_source();
  if (elector_) elector_->start();
  if (session_key_) session_key_->start();
  log::info("pintle {} as {}; {}", version(), options_.controller_name, instance_.description());
  return std::nullopt;
}

Result<void> Controlling::connect() {
  auto connection = find_connection(options_);
  if (!connection) return std::unexpected(std::move(connection.error()));
  for (const std::string& warning : connection->warnings) log::warning("{}", warning);
  log::info("API server {}", connection->server.url);
  auto made = kube::Client::make(instance_.io(), *clock_, std::move(*connection));
  if (!made) return std::unexpected(std::move(made.error()));
  client_ = std::move(*made);
  auto settings = infra_settings(options_);
  if (!settings) return std::unexpected(std::move(settings.error()));
  infra_settings_ = std::move(*settings);
  return {};
}

Result<void> Controlling::elect() {
  if (options_.election == Election::Off) return {};
  const std::string ns = options_.lease_namespace.empty() ? pod_.ns : options_.lease_namespace;
  if (ns.empty())
    return make_error(ErrorCode::InvalidArgument,
                      "where is the Lease? Give --lease-namespace, or POD_NAMESPACE, or --leader-elect off if no other "
                      "replica runs");
  elector_ = std::make_unique<reconcile::LeaderElector>(
      instance_.io(),
      reconcile::LeaderElector::Settings{.election = {.identity = reconcile::make_identity(pod_.name)},
                                         .ns = ns,
                                         .name = options_.lease_name,
                                         .clock = {}},
      reconcile::LeaderElector::Ports{
          .api = *client_,
          .on_change = [this](reconcile::Leadership leadership) { on_leadership(leadership); },
          .on_failure = [](const std::string& why) { log::warning("{}", why); }});
  return {};
}

Result<void> Controlling::choose_session_key() {
  if (options_.session_key_secret.empty()) {
    passing_session_key_ = make_passing_session_key();
    return {};
  }
  auto place = split_name("--session-key-secret", options_.session_key_secret);
  if (!place) return std::unexpected(std::move(place.error()));
  session_key_ = std::make_unique<reconcile::SessionKey>(
      reconcile::SessionKey::Settings{.ns = place->ns, .name = place->name},
      reconcile::SessionKey::Ports{.api = *client_,
                                   .clock = *clock_,
                                   .on_key = [this] { instance_.look_again(); },
                                   .on_failure = [](const std::string& why) { log::warning("{}", why); }});
  return {};
}

void Controlling::start_writing() {
  asio::io_context& io = instance_.io();
  sink_ = std::make_unique<status::KubeStatusSink>(
      io, status::KubeStatusSink::Ports{
              .api = *client_, .authority = authority(), .controller_name = options_.controller_name});
  events_ = std::make_unique<reconcile::EventWriter>(
      reconcile::EventWriter::Ports{.api = *client_, .authority = authority(), .clock = system_now},
      reconcile::Reporter{.controller = options_.controller_name, .instance = pod_.name});
  telling_sink_ = std::make_unique<TellingSink>(*sink_, *events_);
  infra_ = std::make_unique<infra::InfraWriter>(
      io,
      infra::InfraWriter::Ports{.api = *client_,
                                .authority = authority(),
                                .replan = [this] { instance_.look_again(); },
                                .on_failure = [](const std::string& why) { log::warning("{}", why); },
                                .on_problems = [this] { instance_.look_again(); }},
      infra::InfraWriter::Settings{});
  meet_peers();
  instance_.reconcile(controller_settings(options_, infra_settings_),
                      {.sink = *telling_sink_,
                       .make_internal_certificate = {},
                       .session_key = [this] { return session_key_ ? session_key_->key() : passing_session_key_; },
                       .expose = [this](const store::ClusterSnapshot& snapshot,
                                        resolve::StatusReport& report) { return expose(snapshot, report); },
                       .compare_replicas =
                           [this](const store::ClusterSnapshot& snapshot, const resolve::StatusReport& report,
                                  const runtime::ApplyReport& apply) {
                             return peers_ ? peers_->compare(snapshot, report, apply) : status::Lags{};
                           }});
}

/// Only what goes with its pod may be told by a Lease: a program that is no pod would leave its own behind.
void Controlling::meet_peers() {
  if (options_.mode != resolve::GatewayMode::Service || !elector_) return;
  if (pod_.uid.empty() || pod_.ns.empty())
    return log::info(
        "POD_UID and POD_NAMESPACE are not set: Programmed says what this replica serves, whatever others do");
  peers_ = std::make_unique<reconcile::Peers>(
      instance_.io(),
      reconcile::Peers::Settings{
          .own = {.ns = pod_.ns, .release = infra_settings_.replicas_service, .pod = pod_.name, .pod_uid = pod_.uid}},
      reconcile::Peers::Ports{.api = *client_, .clock = *clock_, .on_news = [this] { instance_.recount(); }});
}

void Controlling::start_source() {
  source_ = source::KubeSource::start(*client_, *clock_,
                                      {.namespaces = options_.namespaces,
                                       .replicas_namespace = infra_settings_.replicas_namespace,
                                       .secret_namespaces = options_.secret_namespaces,
                                       .secrets = source::SecretScope::Tls,
                                       .chance = {},
                                       .wanted = resolve::is_looked_at,
                                       .on_text =
                                           [this](const api::ObjectKey& key, std::string_view json) {
                                             if (world_) world_->keep(key, json);
                                           }},
                                      [this](const source::Batch& batch) { on_batch(batch); });
  if (world_) patience_ = clock_->after(patience_at_start, [this] { restore(); });
}

Result<void> Controlling::open_world() {
  if (options_.state_dir.empty()) return {};
  auto opened = source::LastGoodWorld::open(options_.state_dir);
  if (!opened) return std::unexpected(std::move(opened.error()));
  world_.emplace(std::move(*opened));
  return {};
}

void Controlling::on_batch(source::Batch batch) {
  if (world_) world_->follow(batch);
  if (batch.synced) patience_.cancel();
  instance_.on_batch(batch);
}

/// The API server has not said everything yet: what it said last is served until it does (req 71).
void Controlling::restore() {
  if (source_->is_synced()) return;
  const std::optional<source::Batch> batch = world_->restore();
  if (!batch) return log::info("there is no configuration kept from before; waiting for the API server");
  log::warning("the API server has not answered yet: serving the {} objects kept from before", batch->changes.size());
  instance_.on_batch(*batch);
}

/// Every replica plans, as every replica resolves; the writer writes while we lead.
resolve::RefSet Controlling::expose(const store::ClusterSnapshot& snapshot, resolve::StatusReport& report) {
  infra::Plan plan;
  if (options_.mode == resolve::GatewayMode::Service)
    plan = infra::plan_infra({.snapshot = snapshot, .report = report, .settings = infra_settings_});
  std::vector<infra::Action> finalizers = infra::plan_finalizers(snapshot, report);
  std::ranges::move(finalizers, std::back_inserter(plan.actions));
  infra_->apply(plan.actions);
  infra::tell_problems(plan.problems, report);
  infra::tell_problems(infra_->problems(), report);
  infra::tell_unplaced(plan.unplaced, report);
  return std::move(plan.refs);
}

void Controlling::on_leadership(reconcile::Leadership leadership) {
  if (leadership == reconcile::Leadership::Standby) {
    log::info("standby: {} writes", elector_->holder().empty() ? std::string("nobody yet") : elector_->holder());
    return;
  }
  log::info("leading: statuses and Services are written here");
  instance_.judge_again();
  instance_.look_again();
}

/// A replica that drains goes on serving what it has, but another must write from now on.
void Controlling::give_lease_back() {
  if (elector_) elector_->release([] {});
}

}  // namespace

int run_controller(const ControllerOptions& options) {
  prepare_to_serve(options);
  return static_cast<int>(Controlling(options).run());
}

}  // namespace pintle::app
