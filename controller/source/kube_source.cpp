#include "controller/source/kube_source.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/base/log.hpp>

#include "controller/source/manifest_files.hpp"

namespace pintle::source {
namespace {

constexpr std::string_view tls_secrets = "type=kubernetes.io/tls";

[[nodiscard]] std::vector<std::string> sorted(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

/// A role may be older than the program: what it does not let us read is not served, and the rest is.
/// BackendTLSPolicies are not among these kinds: without them a backend that asks for TLS would be spoken to in clear.
[[nodiscard]] Need need_of(api::Kind kind) noexcept {
  using enum api::Kind;
  switch (kind) {
    case CustomResourceDefinition:
      return Need::Optional;  // only what is installed is then not known
    case ListenerSet:
    case GRPCRoute:
    case TLSRoute:
    case TCPRoute:
    case UDPRoute:
    case XBackendTrafficPolicy:
      return Need::Spare;
    default:
      return Need::Required;
  }
}

[[nodiscard]] std::vector<KindWatch::Scope> scopes_of(const KubeSettings& settings) {
  std::vector<KindWatch::Scope> out;
  const std::vector<std::string> followed = sorted(settings.namespaces);
  const std::vector<std::string> with_secrets =
      settings.secret_namespaces.empty() ? followed : sorted(settings.secret_namespaces);
  for (const kube::Resource& resource : kube::followed_resources()) {
    const std::vector<std::string>& namespaces = resource.kind == api::Kind::Secret ? with_secrets : followed;
    KindWatch::Scope scope{.resource = &resource, .ns = {}, .field_selector = {}, .need = need_of(resource.kind)};
    if (resource.kind == api::Kind::Secret && settings.secrets == SecretScope::Tls) scope.field_selector = tls_secrets;
    if (namespaces.empty() || resource.scope == kube::Scope::Cluster) {
      // Rights in some namespaces are none in the cluster: a Namespace is then known by its name alone.
      if (!namespaces.empty()) scope.need = Need::Optional;
      out.push_back(std::move(scope));
      continue;
    }
    for (const std::string& ns : namespaces) {
      scope.ns = ns;
      out.push_back(scope);
    }
    const bool elsewhere =
        !settings.replicas_namespace.empty() && !std::ranges::binary_search(namespaces, settings.replicas_namespace);
    if (resource.kind != api::Kind::EndpointSlice || !elsewhere) continue;
    scope.ns = settings.replicas_namespace;
    out.push_back(std::move(scope));
  }
  return out;
}

enum class Reach : std::uint8_t { Fine, Away, Unauthorized };

[[nodiscard]] bool is_outage(Health health) noexcept {
  return health == Health::Unreachable || health == Health::Refused;
}

}  // namespace

struct KubeSource::State {
  State(kube::Clock& given, BatchSink batches) : clock(given), sink(std::move(batches)) {}

  [[nodiscard]] bool is_synced() const noexcept {
    return std::ranges::all_of(watches, [](const auto& watch) { return watch->is_whole(); });
  }

  void note(Change change) {
    pending.insert_or_assign(key_of(change), std::move(change));
    wake();
  }
  /// Everything else that happens in this turn goes with it.
  void wake() {
    if (std::exchange(waking, true)) return;
    turn = clock.after(Millis{0}, [this] {
      waking = false;
      deliver();
    });
  }
  /// A server that is away fails every kind: one line when it begins, one when all is well.
  /// Also when an outage turns into credentials that are not taken: that one does not pass by itself.
  void tell_reach() {
    const KindWatch* failing = nullptr;
    for (const auto& watch : watches) {
      const Health health = watch->health();
      if (health == Health::Unauthorized || (failing == nullptr && is_outage(health))) failing = watch.get();
      if (health == Health::Unauthorized) break;
    }
    const Reach reach = failing == nullptr                          ? Reach::Fine
                        : failing->health() == Health::Unauthorized ? Reach::Unauthorized
                                                                    : Reach::Away;
    if (std::exchange(told_reach, reach) == reach) return;
    if (failing != nullptr)
      log::warning("the API server cannot be followed just now: {}; what was read last stays in force",
                   failing->status().error);
    else
      log::info("the API server answers again");
  }
  void deliver() {
    tell_reach();
    Batch batch;
    batch.synced = is_synced();
    batch.changes.reserve(pending.size());
    for (auto& [key, change] : pending) batch.changes.push_back(std::move(change));
    pending.clear();
    for (const auto& watch : watches) watch->append_findings(batch.findings);
    sort_findings(batch.findings);
    if (batch.changes.empty() && batch.findings == told_findings && batch.synced == told_synced) return;
    told_findings = batch.findings;
    told_synced = batch.synced;
    sink(batch);
  }

  kube::Clock& clock;
  BatchSink sink;
  std::map<api::ObjectKey, Change> pending;
  std::vector<api::Finding> told_findings;
  bool told_synced = false;
  Reach told_reach = Reach::Fine;
  bool waking = false;
  kube::Alarm turn;
  std::vector<std::unique_ptr<KindWatch>> watches;
};

KubeSource::KubeSource(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
KubeSource::~KubeSource() = default;

std::unique_ptr<KubeSource> KubeSource::start(kube::Api& api, kube::Clock& clock, const KubeSettings& settings,
                                              BatchSink sink) {
  auto state = std::make_unique<State>(clock, std::move(sink));
  const auto chance = settings.chance ? settings.chance : make_dice();
  for (const KindWatch::Scope& scope : scopes_of(settings)) {
    KindWatch::Ports ports{.api = api,
                           .clock = clock,
                           .chance = chance,
                           .wanted = settings.wanted,
                           .on_text = settings.on_text,
                           .on_change = [to = state.get()](Change change) { to->note(std::move(change)); },
                           .on_progress = [to = state.get()] { to->wake(); }};
    state->watches.push_back(std::make_unique<KindWatch>(scope, std::move(ports)));
  }
  for (const auto& watch : state->watches) watch->start();
  return std::unique_ptr<KubeSource>(new KubeSource(std::move(state)));
}

bool KubeSource::is_synced() const noexcept { return state_->is_synced(); }

std::string KubeSource::waits_for() const {
  std::vector<std::string> lists;
  for (const auto& watch : state_->watches) {
    if (watch->is_whole()) continue;
    const KindStatus now = watch->status();
    lists.push_back(fmt::format("{}{}{}", api::to_string(now.kind), now.ns.empty() ? "" : " of namespace " + now.ns,
                                now.error.empty() ? "" : fmt::format(" ({})", now.error)));
  }
  return lists.empty() ? std::string() : fmt::format("no list yet of {}", fmt::join(lists, ", "));
}

std::vector<KindStatus> KubeSource::status() const {
  std::vector<KindStatus> out;
  out.reserve(state_->watches.size());
  for (const auto& watch : state_->watches) out.push_back(watch->status());
  return out;
}

}  // namespace pintle::source
