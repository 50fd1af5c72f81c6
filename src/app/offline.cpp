#include "src/app/offline.hpp"

#include <algorithm>
#include <array>

#include "controller/compile/compile.hpp"
#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

/// Stands in for the certificate that the own CA would make: the walk needs its names, nobody its key.
[[nodiscard]] std::shared_ptr<const runtime::Certificate> placeholder(const std::string& hostname) {
  auto certificate = std::make_shared<runtime::Certificate>();
  certificate->source = "internal";
  certificate->dns_names = {hostname == "*" ? std::string("localhost") : hostname};
  if (hostname == "*") certificate->dns_names.emplace_back("*.localhost");
  certificate->fingerprint = std::hash<std::string>{}(hostname);
  certificate->not_after = wall_now().time_since_epoch().count() + std::int64_t{90} * 24 * 3600;
  return certificate;
}

/// Everything bound, everybody serving.
[[nodiscard]] runtime::ApplyReport as_if_applied(const runtime::Compiled& compiled) {
  runtime::ApplyReport report;
  report.generation = compiled.generation;
  report.workers = 1;
  report.acknowledged = 1;
  for (const runtime::PlannedSocket& socket : compiled.plan->sockets)
    report.sockets.push_back({.socket = socket.id, .address = socket.address, .error = std::nullopt});
  return report;
}

}  // namespace

resolve::Settings folder_settings(const Target& target) {
  resolve::Settings settings;
  settings.implied_class = "pintle";
  settings.allow_loopback_backends = true;
  settings.port_offset = target.port_offset;
  settings.internal_tls = target.tls == TlsMode::Internal;
  if (!target.addresses.empty()) settings.default_addresses = bind_addresses(target.addresses);
  return settings;
}

OfflineWorld evaluate(const std::vector<std::string>& paths, const Target& target) {
  OfflineWorld world;
  world.manifests = load_manifests(paths);
  source::Batch batch;
  for (const api::AnyObject& object : world.manifests.objects) batch.changes.emplace_back(source::Upsert{object});
  std::ranges::sort(batch.changes, {},
                    [](const source::Change& change) { return api::key_of(std::get<source::Upsert>(change).object); });
  batch.synced = true;
  store::Store store;
  (void)store.apply(batch);
  world.snapshot = store.freeze();

  resolve::Settings settings = folder_settings(target);
  world.resolution = resolve::resolve(world.snapshot, settings);
  if (!world.resolution.wanted_internal_certificates.empty()) {
    for (const std::string& hostname : world.resolution.wanted_internal_certificates)
      settings.internal_certificates.emplace(hostname, placeholder(hostname));
    world.resolution = resolve::resolve(world.snapshot, settings);
  }
  compile::Compilation compilation = compile::compile(world.resolution.model, Generation{1}, {});
  world.compiled = std::move(compilation.compiled);
  // `validate` tells losers in its own way, with all other rules that cannot win: the report stays as it is.
  resolve::StatusReport report = world.resolution.report;
  compile::tell_losers(compilation.losers, report);
  world.statuses = status::statuses_of(world.snapshot);
  for (status::StatusPatch& patch :
       status::finish_status(report, as_if_applied(world.compiled), world.statuses, wall_now()))
    world.statuses.insert_or_assign(patch.key, std::move(patch.status));
  return world;
}

}  // namespace pintle::app
