#include "controller/reconcile/peers.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "controller/kube/resource.hpp"
#include "controller/source/collection_watch.hpp"

namespace pintle::reconcile {
namespace {

[[nodiscard]] source::CollectionWatch::Collection leases_of(const ReplicaLease::Settings& own) {
  return {.path = leases_path(own.ns),
          .selectors = fmt::format("labelSelector={}%3D{}", kube::escape(replica_label), kube::escape(own.release)),
          .name = fmt::format("leases of namespace {}", own.ns),
          .need = source::Need::Required,
          .contents = source::Contents::Plain};
}

}  // namespace

struct Peers::State {
  State(boost::asio::io_context& io, Settings given, Ports wired)
      : settings(std::move(given)),
        ports(std::move(wired)),
        lease(io, settings.own, ports.api),
        watch(leases_of(settings.own),
              {.api = ports.api,
               .clock = ports.clock,
               .chance = source::make_dice(),
               .on_list = [this] { unnamed = names(); },
               .on_object =
                   [this](std::string_view text, const auto& outline) {
                     if (outline) put(std::string(outline->name), read_replica(text));
                   },
               .on_removed = [this](const source::ObjectOutline& outline) { drop(std::string(outline.name)); },
               .on_complete =
                   [this] {
                     for (const std::string& name : std::exchange(unnamed, {})) drop(name);
                   },
               .on_health = [] {}}) {}

  [[nodiscard]] std::set<std::string> names() const {
    const auto keys = std::views::keys(leases);
    return {keys.begin(), keys.end()};
  }
  void put(const std::string& name, Replica replica) {
    unnamed.erase(name);
    Replica& held = leases[name];
    if (held == replica) return;
    held = std::move(replica);
    tell_news();
  }
  void drop(const std::string& name) {
    if (leases.erase(name) > 0) tell_news();
  }
  /// Once for all that one turn of the event loop brings.
  void tell_news() { news = ports.clock.after(Millis(0), ports.on_news); }

  [[nodiscard]] status::Lag::Stage stage_of(const api::ObjectKey& object,
                                            std::map<api::ObjectKey, Monotonic>& now_behind) {
    const Monotonic now = ports.clock.now();
    const auto known = behind.find(object);
    const Monotonic since = known == behind.end() ? now : known->second;
    now_behind.emplace(object, since);
    return now - since < settings.patience ? status::Lag::Stage::Held : status::Lag::Stage::Told;
  }

  [[nodiscard]] status::Lags compare(const store::ClusterSnapshot& snapshot, const resolve::StatusReport& report,
                                     const runtime::ApplyReport& apply) {
    lease.tell(served_marks(report, apply));
    std::vector<std::string> others = ready_pods(snapshot, settings.own.ns, settings.own.release);
    std::erase(others, settings.own.pod);
    std::vector<Replica> replicas;
    std::ranges::copy(std::views::values(leases), std::back_inserter(replicas));
    status::Lags lags;
    std::map<api::ObjectKey, Monotonic> now_behind;
    const auto look_at = [&](const api::ObjectKey& key, Mark mark) {
      const ReplicaCount count = count_serving(mark, replicas, others);
      if (mark == 0 || count.complete()) return;  // 0: what is not bound here is said by itself
      lags.emplace(
          key,
          status::Lag{.stage = stage_of(key, now_behind), .serving = count.serving + 1, .replicas = count.ready + 1});
    };
    for (const resolve::GatewayReport& gateway : report.gateways) {
      look_at(gateway.object.key, mark_of(gateway, apply));
      for (const resolve::ListenerSetReport& set : gateway.sets) look_at(set.object.key, mark_of(gateway, set, apply));
    }
    behind = std::move(now_behind);
    await_patience(lags);
    return lags;
  }

  /// Until the first that is held has been long enough.
  void await_patience(const status::Lags& lags) {
    patience.cancel();
    std::optional<Monotonic> first;
    for (const auto& [object, lag] : lags)
      if (lag.stage == status::Lag::Stage::Held)
        first = std::min(first.value_or(Monotonic::max()), behind.at(object) + settings.patience);
    if (!first) return;
    const auto rest = std::chrono::ceil<Millis>(*first - ports.clock.now());
    patience = ports.clock.after(std::max(rest, Millis(0)), ports.on_news);
  }

  Settings settings;
  Ports ports;
  std::map<std::string, Replica> leases;       ///< by name
  std::set<std::string> unnamed;               ///< by the list that is being read
  std::map<api::ObjectKey, Monotonic> behind;  ///< Gateways and sets that others do not serve, since when
  kube::Alarm news;
  kube::Alarm patience;
  ReplicaLease lease;
  source::CollectionWatch watch;
};

Peers::Peers(boost::asio::io_context& io, Settings settings, Ports ports)
    : state_(std::make_unique<State>(io, std::move(settings), std::move(ports))) {
  state_->watch.start();
}
Peers::~Peers() = default;

status::Lags Peers::compare(const store::ClusterSnapshot& snapshot, const resolve::StatusReport& report,
                            const runtime::ApplyReport& apply) {
  return state_->compare(snapshot, report, apply);
}

}  // namespace pintle::reconcile
