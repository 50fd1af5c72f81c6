#include "src/app/admin_sources.hpp"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

#include "controller/compile/dump.hpp"
#include "src/app/explain_walk.hpp"
#include "src/app/finding_output.hpp"
#include "src/app/routes_list.hpp"
#include "src/app/status_list.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

template <class T>
void count_kind(std::map<std::string, std::uint64_t>& objects, const store::ClusterSnapshot& snapshot) {
  if (const std::size_t number = snapshot.all<T>().size(); number != 0)
    objects[std::string(api::to_string(T::kind))] = number;
}

void describe(observe::ControlMetrics& control, const reconcile::Served& served) {
  control.objects.clear();
  count_kind<api::GatewayClass>(control.objects, served.snapshot);
  count_kind<api::Gateway>(control.objects, served.snapshot);
  count_kind<api::ListenerSet>(control.objects, served.snapshot);
  api::for_each_route_kind([&]<class Route>() { count_kind<Route>(control.objects, served.snapshot); });
  count_kind<api::ReferenceGrant>(control.objects, served.snapshot);
  count_kind<api::Service>(control.objects, served.snapshot);
  count_kind<api::EndpointSlice>(control.objects, served.snapshot);
  count_kind<api::Secret>(control.objects, served.snapshot);
  count_kind<api::ConfigMap>(control.objects, served.snapshot);
  count_kind<api::Namespace>(control.objects, served.snapshot);
  control.certificates.clear();
  for (const auto& certificate : served.compiled->certs->certificates)
    control.certificates.push_back({.source = certificate->source, .not_after = certificate->not_after});
  control.endpoints.clear();
  for (const auto& backend : served.compiled->endpoints->backends)
    if (backend) control.endpoints[backend->name] = backend->endpoints.size();
}

[[nodiscard]] std::string make_metrics(const AdminView& view) {
  view.control.findings = {{"info", 0}, {"warning", 0}, {"error", 0}};
  for (const api::Finding& finding : view.findings())
    ++view.control.findings[std::string(api::to_string(finding.severity))];
  if (const reconcile::Served* served = view.served()) describe(view.control, *served);
  return observe::make_exposition(view.metrics, view.control, view.program);
}

[[nodiscard]] std::vector<admin::HealthCheck> check_readiness(const AdminView& view) {
  const bool served = view.served() != nullptr;
  std::string detail = "the first configuration is not served yet";
  if (!served && view.waits_for)
    if (const std::string waits = view.waits_for(); !waits.empty()) detail += ": " + waits;
  return {{.name = "configuration", .good = served, .detail = std::move(detail)},
          {.name = "accepting", .good = !view.is_draining(), .detail = "the program drains and goes away"}};
}

}  // namespace

void count_served(observe::ControlMetrics& metrics, const reconcile::Served& served) {
  metrics.generation = served.compiled->generation;
  metrics.last_apply_seconds = wall_now().time_since_epoch().count();
  metrics.last_apply_success = served.apply.complete();
  const auto nanoseconds = [](std::chrono::nanoseconds time) {
    return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 0;
  };
  metrics.apply_duration.record(nanoseconds(served.apply_duration), observe::overhead_bounds);
  metrics.propagation.record(nanoseconds(served.propagation), observe::overhead_bounds);
}

admin::Sources make_admin_sources(AdminView view) {
  const auto shared = std::make_shared<const AdminView>(std::move(view));
  admin::Sources sources;
  sources.metrics = [shared] { return make_metrics(*shared); };
  sources.readiness = [shared] { return check_readiness(*shared); };
  sources.config = [shared] {
    const reconcile::Served* served = shared->served();
    return served == nullptr ? std::string("{}\n") : compile::dump_json(*served->compiled) + "\n";
  };
  sources.status = [shared] {
    const reconcile::Served* served = shared->served();
    return to_text(list_statuses(served == nullptr ? status::Statuses() : *served->statuses, shared->findings()));
  };
  sources.findings = [shared] { return to_text(list_findings(shared->findings())); };
  sources.routes = [shared] {
    const reconcile::Served* served = shared->served();
    return to_text(served == nullptr ? Json::array() : list_routes(*served->compiled));
  };
  sources.explain = [shared](const admin::ExplainQuery& query) -> Result<std::string> {
    const reconcile::Served* served = shared->served();
    if (served == nullptr)
      return make_error(ErrorCode::InvalidArgument, "the first configuration is not served yet; ask again");
    const auto walk = explain_request(
        *served->compiled, {.url = query.url, .method = query.method, .headers = query.headers, .sni = query.sni});
    if (!walk) return std::unexpected(walk.error());
    return to_text(*walk);
  };
  return sources;
}

}  // namespace pintle::app
