#include "controller/reconcile/reconciler.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <pintle/base/log.hpp>

#include "controller/compile/compile.hpp"

namespace pintle::reconcile {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

/// One run of the pure half, kept until its statuses are finished.
struct Translation {
  store::ClusterSnapshot snapshot;
  std::shared_ptr<const resolve::StatusReport> report;
  runtime::CompiledPtr compiled;
  Monotonic began;
  Monotonic since;  ///< the first change of it was seen
};

[[nodiscard]] bool all_bound(const runtime::ApplyReport& apply) {
  return std::ranges::none_of(apply.sockets, [](const auto& socket) { return socket.error.has_value(); });
}

/// Whether binding brought the same as before, word for word.
[[nodiscard]] bool same_sockets(const runtime::ApplyReport& a, const runtime::ApplyReport& b) {
  return std::ranges::equal(a.sockets, b.sockets, [](const auto& x, const auto& y) {
    return x.address == y.address && x.error.has_value() == y.error.has_value() &&
           (!x.error || (x.error->code == y.error->code && x.error->context == y.error->context));
  });
}

}  // namespace

struct Reconciler::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Settings given, Ports wired)
      : settings(std::move(given)), ports(std::move(wired)), calm(io), retry(io), question(io) {}

  void on_batch(const source::Batch& batch);
  void renew_certificates();
  void look_again();
  void judge_again();
  void recount();
  [[nodiscard]] bool is_under_way() const;
  void question_notes(const std::vector<store::Changed>& changed, const source::Batch& batch);
  void advance();
  void run();
  [[nodiscard]] resolve::Resolution resolve_all(const store::ClusterSnapshot& snapshot);
  void publish(const std::function<void(const runtime::ApplyReport&)>& done);
  void bind_again();
  void write_statuses(const runtime::ApplyReport& apply);
  void finish(const runtime::ApplyReport& apply);
  void arm_retry();
  template <class Call>
  void after(asio::steady_timer& timer, Millis delay, Call call) {
    timer.expires_after(delay);
    timer.async_wait([weak = weak_from_this(), call](const boost::system::error_code& fault) {
      if (const auto self = weak.lock(); self && !fault) call(*self);
    });
  }

  Settings settings;
  Ports ports;
  asio::steady_timer calm;      ///< runs while changes are gathered
  asio::steady_timer retry;     ///< runs while a socket is not bound
  asio::steady_timer question;  ///< runs while a status is not as it was written

  // The pipeline's memory, in its order.
  store::Store store;
  resolve::Memo memo;
  resolve::Lookups refs;
  compile::Previous previous;
  Generation generation;
  Translation current;
  std::shared_ptr<const resolve::StatusReport> finished;  ///< what the statuses of the sink were made from
  std::optional<Served> served;

  // Where the loop stands.
  std::vector<api::Finding> findings;
  std::optional<Monotonic> waiting;  ///< since when a change that concerns us waits
  bool synced = false;
  bool gathering = false;
  bool publishing = false;
  bool questioning = false;
  bool unjudged = false;  ///< statuses are to be finished again, whatever becomes of what is under way
};

void Reconciler::State::on_batch(const source::Batch& batch) {
  const std::vector<store::Changed> changed = store.apply(batch);
  findings = batch.findings;
  if (served) served->findings = findings;
  const bool first = !synced && batch.synced;
  synced |= batch.synced;
  if (!synced) return;
  const auto concerns_us = [this](const store::Changed& one) {
    return one.extent == store::Extent::Input && resolve::concerns(refs, one.key);
  };
  if (!first && std::ranges::none_of(changed, concerns_us)) {
    question_notes(changed, batch);
    if (ports.on_findings) ports.on_findings(findings);
    return;
  }
  if (!waiting) waiting = Clock::now();
  advance();
}

/// Our own writes come back with the watch; what differs from them was written by somebody else, or is on its way.
void Reconciler::State::question_notes(const std::vector<store::Changed>& changed, const source::Batch& batch) {
  if (questioning || !served) return;
  const status::Statuses& written = *ports.sink.shared_statuses();
  const auto is_another = [&](const source::Change& change) {
    const auto* upsert = std::get_if<source::Upsert>(&change);
    if (upsert == nullptr) return false;
    const auto known = written.find(api::key_of(upsert->object));
    return known != written.end() && !status::has_status(upsert->object, *known->second);
  };
  const bool noted = std::ranges::any_of(changed, [](const auto& one) { return one.extent == store::Extent::Notes; });
  if (!noted || std::ranges::none_of(batch.changes, is_another)) return;
  questioning = true;
  after(question, settings.question_strangers, [](State& self) {
    self.questioning = false;
    self.judge_again();
  });
}

void Reconciler::State::look_again() {
  if (!synced) return;
  if (!waiting) waiting = Clock::now();
  advance();
}

/// What the last translation gave is not served yet, or another is about to be made.
bool Reconciler::State::is_under_way() const {
  return !served || publishing || waiting || served->compiled != current.compiled;
}

void Reconciler::State::judge_again() {
  finished.reset();
  unjudged = true;
  if (is_under_way()) return;
  current.snapshot = store.freeze();
  finish(runtime::ApplyReport(served->apply));
}

void Reconciler::State::recount() {
  unjudged = true;
  if (is_under_way()) return;
  current.snapshot = store.freeze();
  write_statuses(served->apply);
}

void Reconciler::State::renew_certificates() {
  if (!synced || !ports.make_internal_certificate) return;
  const auto is_another = [this](const auto& known) {
    return ports.make_internal_certificate(known.first) != known.second;
  };
  if (std::ranges::none_of(settings.resolve.internal_certificates, is_another)) return;
  if (!waiting) waiting = Clock::now();
  advance();
}

void Reconciler::State::advance() {
  if (waiting && !gathering && !publishing) run();
}

void Reconciler::State::run() {
  const Monotonic began = Clock::now();
  gathering = true;
  after(calm, settings.coalesce, [](State& self) {
    self.gathering = false;
    self.advance();
  });

  store::ClusterSnapshot snapshot = store.freeze();
  resolve::Resolution resolution = resolve_all(snapshot);
  refs = std::move(resolution.refs);
  compile::Compilation compilation =
      compile::compile(resolution.model, Generation{++generation.value}, std::move(previous));
  previous = std::move(compilation.next);
  if (resolution.keeps_sessions && ports.session_key) compilation.compiled.session_key = ports.session_key();
  compile::tell_losers(compilation.losers, resolution.report);
  if (ports.expose) refs.own.merge(ports.expose(snapshot, resolution.report));
  current = {.snapshot = std::move(snapshot),
             .report = std::make_shared<const resolve::StatusReport>(std::move(resolution.report)),
             .compiled = std::make_shared<const runtime::Compiled>(std::move(compilation.compiled)),
             .began = began,
             .since = *std::exchange(waiting, std::nullopt)};
  publish([this](const runtime::ApplyReport& apply) { finish(apply); });
}

/// What listeners lack for `--tls internal` is made, and everything resolved again with it.
resolve::Resolution Reconciler::State::resolve_all(const store::ClusterSnapshot& snapshot) {
  if (ports.make_internal_certificate)
    for (auto& [hostname, certificate] : settings.resolve.internal_certificates)
      if (auto present = ports.make_internal_certificate(hostname)) certificate = std::move(present);
  resolve::Resolution resolution = resolve::resolve(snapshot, settings.resolve, memo);
  if (!ports.make_internal_certificate) return resolution;
  bool made = false;
  for (const std::string& hostname : resolution.wanted_internal_certificates)
    if (auto certificate = ports.make_internal_certificate(hostname))
      made |= settings.resolve.internal_certificates.insert_or_assign(hostname, std::move(certificate)).second;
  return made ? resolve::resolve(snapshot, settings.resolve, memo) : std::move(resolution);
}

/// `done` is called only while this lives, and before anything else is published.
void Reconciler::State::publish(const std::function<void(const runtime::ApplyReport&)>& done) {
  publishing = true;
  retry.cancel();
  ports.publisher.publish(current.compiled, [weak = weak_from_this(), done](const runtime::ApplyReport& apply) {
    const auto self = weak.lock();
    if (!self) return;
    self->publishing = false;
    done(apply);
    if (self->unjudged) self->recount();
    if (!all_bound(apply) || !apply.complete()) self->arm_retry();
    self->advance();
  });
}

void Reconciler::State::write_statuses(const runtime::ApplyReport& apply) {
  const status::Lags lags =
      ports.compare_replicas ? ports.compare_replicas(current.snapshot, *current.report, apply) : status::Lags{};
  const std::vector<status::StatusPatch> patches =
      status::finish_status({.report = *current.report,
                             .apply = apply,
                             .previous = ports.sink.previous(current.snapshot),
                             .now = wall_now(),
                             .finished = finished.get(),
                             .lags = &lags});
  finished = current.report;
  unjudged = false;
  for (const Error& error : ports.sink.write(patches)) log::warning("{}", error.context);
}

void Reconciler::State::finish(const runtime::ApplyReport& apply) {
  if (!apply.complete()) return;
  const Monotonic now = Clock::now();
  write_statuses(apply);
  served = Served{.compiled = current.compiled,
                  .apply = apply,
                  .statuses = ports.sink.shared_statuses(),
                  .snapshot = current.snapshot,
                  .findings = findings,
                  .apply_duration = now - current.began,
                  .propagation = now - current.since};
  if (ports.on_served) ports.on_served(*served);
}

void Reconciler::State::arm_retry() {
  after(retry, settings.retry_binding, [](State& self) { self.bind_again(); });
}

/// The same generation once more: each publish tries what is not bound. What brings nothing is no news.
void Reconciler::State::bind_again() {
  if (publishing || waiting) return;  // a publish is under way or about to be
  current.began = current.since = Clock::now();
  publish([this](const runtime::ApplyReport& apply) {
    if (!served || !apply.complete() || !same_sockets(apply, served->apply)) finish(apply);
  });
}

Reconciler::Reconciler(asio::io_context& io, Settings settings, Ports ports)
    : state_(std::make_shared<State>(io, std::move(settings), std::move(ports))) {}
Reconciler::~Reconciler() {
  state_->calm.cancel();
  state_->retry.cancel();
  state_->question.cancel();
}

void Reconciler::on_batch(const source::Batch& batch) { state_->on_batch(batch); }
void Reconciler::renew_certificates() { state_->renew_certificates(); }
void Reconciler::look_again() { state_->look_again(); }
void Reconciler::judge_again() { state_->judge_again(); }
void Reconciler::recount() { state_->recount(); }
const Served* Reconciler::served() const noexcept { return state_->served ? &*state_->served : nullptr; }

}  // namespace pintle::reconcile
