#include "test/unit/controller/reconcile/loop.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/source/manifest_files.hpp"

namespace pintle::reconcile::testing {

void FakePublisher::publish(runtime::CompiledPtr compiled, std::function<void(const runtime::ApplyReport&)> done) {
  ASSERT_TRUE(waiting_.empty()) << "one publish at a time";
  published.push_back(std::move(compiled));
  waiting_.push_back(std::move(done));
}

void FakePublisher::answer(std::uint32_t acknowledged) {
  ASSERT_FALSE(waiting_.empty());
  runtime::ApplyReport report;
  report.generation = published.back()->generation;
  report.workers = 2;
  report.acknowledged = acknowledged;
  for (const runtime::PlannedSocket& socket : published.back()->plan->sockets) {
    runtime::SocketResult result{socket.id, socket.address, std::nullopt};
    if (const auto found = busy.find(socket.address.port); found != busy.end())
      result.error = Error{.code = ErrorCode::AddressInUse, .context = found->second};
    report.sockets.push_back(std::move(result));
  }
  const auto done = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  done(report);
}

Loop::Loop(Settings settings) {
  settings.resolve.implied_class = "pintle";
  Ports ports{.publisher = publisher,
              .sink = sink,
              .make_internal_certificate =
                  [this](const std::string& hostname) {
                    auto& known = certificates[hostname];
                    if (known) return known;
                    certificates_made.push_back(hostname);
                    auto made = std::make_shared<runtime::Certificate>();
                    made->source = "internal";
                    made->dns_names = {hostname};
                    made->fingerprint = certificates_made.size();
                    return known = std::move(made);
                  },
              .expose =
                  [this](const store::ClusterSnapshot&, resolve::StatusReport&) {
                    ++exposed;
                    return looked_up;
                  },
              .compare_replicas =
                  [this](const store::ClusterSnapshot&, const resolve::StatusReport&, const runtime::ApplyReport&) {
                    ++compared;
                    return lags;
                  },
              .on_served = [this](const Served& now) { served.push_back(now.compiled->generation.value); },
              .on_findings = [this](const auto& findings) { findings_told.push_back(findings); }};
  reconciler = std::make_unique<Reconciler>(io, std::move(settings), std::move(ports));
}

void Loop::apply(std::string_view manifests, std::vector<api::Finding> findings) {
  source::LoadedFile loaded = source::load_manifest("test.yaml", manifests);
  ASSERT_TRUE(loaded.whole && loaded.findings.empty()) << api::format_finding(loaded.findings.at(0));
  source::Batch batch{.changes = {}, .findings = std::move(findings), .synced = true};
  for (api::AnyObject& object : loaded.objects) {
    api::set_identity(object, 1, "uid");
    batch.changes.emplace_back(source::Upsert{std::move(object)});
  }
  std::ranges::sort(batch.changes, {}, &source::key_of);
  reconciler->on_batch(batch);
}

void Loop::remove(const api::ObjectKey& key) {
  reconciler->on_batch({.changes = {source::Remove{key}}, .findings = {}, .synced = true});
}

bool Loop::until(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  return true;
}

void Loop::poll() {
  io.restart();
  io.poll();
}

std::string Loop::gateway_condition(std::string_view type) const {
  const Served* now = reconciler->served();
  if (now == nullptr) return "nothing served";
  const auto found = now->statuses->find({api::Kind::Gateway, "default", "gw"});
  if (found == now->statuses->end()) return "no status";
  for (const api::Condition& condition : std::get<api::GatewayStatus>(*found->second).conditions)
    if (condition.type == type) return fmt::format("{}/{}", api::to_string(condition.status), condition.reason);
  return "no condition";
}

std::string gateway(int port) {
  return fmt::format(
      "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: gw}}\nspec:\n  "
      "gatewayClassName: "
      "pintle\n  listeners: [{{name: http, port: {}, protocol: HTTP}}]\n",
      port);
}

std::string route(std::string_view name, std::string_view path) {
  return fmt::format(
      "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {}}}\nspec:\n  parentRefs: "
      "[{{name: gw}}]\n  rules:\n  - matches: [{{path: {{value: {}}}}}]\n",
      name, path);
}

std::string config_map(std::string_view name) {
  return fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\n", name);
}

}  // namespace pintle::reconcile::testing
