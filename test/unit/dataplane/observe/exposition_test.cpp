#include "dataplane/observe/exposition.hpp"

#include <atomic>
#include <set>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataplane/observe/worker_observer.hpp"
#include "test/unit/dataplane/observe/fixture.hpp"

namespace pintle::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string expose(const Metrics& metrics, const ControlMetrics& control = {}) {
  return make_exposition(metrics, control, {.version = "0.1.0", .commit = "abc", .started_at = 7});
}

TEST(Exposition, OneRequest) {
  Metrics metrics(1000);
  WorkerObserver sink(metrics, std::nullopt);
  const Scene scene;
  sink.on_request(scene.record());
  const std::string text = expose(metrics);
  const std::string labels =
      R"({http_request_method="GET",url_scheme="http",http_response_status_code="200",network_protocol_version="1.1",)"
      R"(gateway="default/demo",listener="http",le=)";
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_bucket" + labels + "\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_server_request_duration_seconds_bucket" + labels + "\"+Inf\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_route_requests_total{gateway=\"default/demo\",listener=\"http\",route=\"default/"
                              "shop\",rule=\"1\",code_class=\"2xx\",reason=\"upstream\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_route_request_duration_seconds_bucket{route=\"default/shop\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("pintle_route_request_duration_seconds_bucket{route=\"default/shop\",le=\"0.005\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_route_request_duration_seconds_sum{route=\"default/shop\"} 0.003\n"));
  EXPECT_THAT(text, HasSubstr("pintle_proxy_overhead_seconds_bucket{gateway=\"default/demo\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_client_request_duration_seconds_count{backend=\"default/shop-v1:80\","
                              "http_response_status_code=\"200\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_build_info{version=\"0.1.0\",commit=\"abc\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("pintle_requests_rejected_total")));
}

TEST(Exposition, EveryLineIsOfTheFormatAndNoSeriesStandsTwice) {
  Metrics metrics(1000);
  WorkerObserver a(metrics, std::nullopt);
  WorkerObserver b(metrics, std::nullopt);
  Scene scene;
  scene.listener.gateway = "odd\"name\\\n";
  for (WorkerObserver* sink : {&a, &b}) {
    sink->on_request(scene.record());
    RequestRecord refused;
    refused.status = 400;
    refused.reason = Reason::BadRequest;
    refused.was_started = false;
    sink->on_request(refused);
  }
  ControlMetrics control;
  control.objects["Gateway"] = 1;
  control.findings["error"] = 2;
  control.certificates.push_back({"default/tls", 123});
  control.endpoints["default/shop-v1:80"] = 3;
  std::istringstream lines(expose(metrics, control));
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_THAT(line,
                testing::ContainsRegex(
                    "^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{([a-z_]+=\"([^\"\\]|\\\\.)*\",?)+\\})? [-+0-9.einf]+)$"));
    if (line.starts_with("# HELP")) continue;
    const std::string series = line.starts_with('#') ? line : line.substr(0, line.rfind(' '));
    EXPECT_TRUE(seen.insert(series).second) << series;
  }
  EXPECT_TRUE(seen.contains("pintle_requests_rejected_total{reason=\"bad_request\"}"));
  EXPECT_TRUE(seen.contains("pintle_certificate_expiry_timestamp_seconds{namespace=\"default\",name=\"tls\"}"));
}

TEST(Exposition, UnknownMethodIsOther) {
  Metrics metrics(1000);
  WorkerObserver sink(metrics, std::nullopt);
  const Scene scene;
  RequestRecord record = scene.record();
  record.method = http::Method::Other;
  record.method_text = "BREW";
  sink.on_request(record);
  EXPECT_THAT(expose(metrics), HasSubstr("http_request_method=\"_OTHER\""));
  EXPECT_THAT(expose(metrics), Not(HasSubstr("BREW")));
}

TEST(Exposition, TheBudgetSendsTheRestToOther) {
  Metrics metrics(30);
  WorkerObserver sink(metrics, std::nullopt);
  Scene scene;
  for (std::uint32_t rule = 0; rule < 100; ++rule) {
    route::Rule fresh;
    fresh.source.route = "default/r" + std::to_string(rule);
    RequestRecord record = scene.record();
    record.rule = &fresh;
    sink.on_request(record);
    sink.on_apply(runtime::Compiled());  // the next rule stands at the same place in memory
  }
  const std::string text = expose(metrics);
  EXPECT_THAT(text, HasSubstr("route=\"other\",rule=\"other\",code_class=\"2xx\",reason=\"upstream\"} 74\n"));
  EXPECT_THAT(text, HasSubstr("pintle_metrics_dropped_series_total 74\n"));
}

TEST(Exposition, AWarmSeriesIsFoundAgainInTheNextGeneration) {
  Metrics metrics(1000);
  WorkerObserver sink(metrics, std::nullopt);
  const Scene scene;
  const Scene next;
  sink.on_request(scene.record());
  sink.on_apply(runtime::Compiled());
  sink.on_request(next.record());
  EXPECT_THAT(expose(metrics), HasSubstr("code_class=\"2xx\",reason=\"upstream\"} 2\n"));
}

TEST(Exposition, ConnectionsAndHandshakes) {
  Metrics metrics(1000);
  WorkerObserver sink(metrics, std::nullopt);
  runtime::ListenerPlan plan;
  plan.sockets.emplace_back().gateway = "default/demo";
  std::vector<route::Listener> listeners(1);
  listeners[0].port = 443;
  runtime::Compiled compiled;
  compiled.table = std::make_shared<route::RoutingTable>(
      std::vector<std::shared_ptr<const route::PortTable>>{std::make_shared<route::PortTable>(std::move(listeners))});
  compiled.plan = std::make_shared<runtime::ListenerPlan>(plan);
  sink.on_apply(compiled);
  const SocketSlot first = sink.on_connection_opened({0});
  const SocketSlot second = sink.on_connection_opened({0});
  (void)sink.on_connection_opened({9});  // of no plan
  sink.on_tls_handshake({.socket = first, .version = "TLSv1.3", .duration = Nanos(1000)});
  sink.on_request_started(runtime::SocketProtocol::Https);
  sink.on_connection_closed(second);
  const std::string text = expose(metrics);
  EXPECT_THAT(text, HasSubstr("pintle_connections{state=\"active\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_connections{state=\"idle\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_connections_total{listener=\"default/demo:443\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("pintle_connections_total{listener=\"other\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_tls_handshakes_total{listener=\"default/demo:443\",version=\"1.3\",result=\"ok\","
                              "resumed=\"false\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("http_server_active_requests{url_scheme=\"https\"} 1\n"));
}

TEST(Exposition, Backends) {
  Metrics metrics(1000);
  WorkerObserver sink(metrics, std::nullopt);
  runtime::Backend backend;
  backend.name = "default/a:80";
  sink.on_upstream_connection_opened(backend);
  sink.on_upstream_connection_opened(backend);
  sink.on_upstream_connection_busy(backend, 1);
  sink.on_upstream_connection_closed(backend, std::chrono::seconds(2));
  sink.on_connect_failed(backend, Reason::ConnectFailed);
  sink.on_retry(backend, Reason::UpstreamReset);
  sink.on_copy_lost(backend);
  sink.on_ejected(backend, 1);
  ControlMetrics control;
  control.endpoints["default/a:80"] = 3;
  const std::string text = expose(metrics, control);
  EXPECT_THAT(text,
              HasSubstr("http_client_open_connections{backend=\"default/a:80\",http_connection_state=\"active\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("http_client_open_connections{backend=\"default/a:80\",http_connection_state=\"idle\"} 0"));
  EXPECT_THAT(text, HasSubstr("pintle_backend_healthy_endpoints{backend=\"default/a:80\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("pintle_backend_retries_total{backend=\"default/a:80\",reason=\"upstream_reset\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("pintle_mirror_copies_lost_total{backend=\"default/a:80\"} 1\n"));
  EXPECT_THAT(
      text, HasSubstr("pintle_backend_connect_failures_total{backend=\"default/a:80\",reason=\"connect_failed\"} 1\n"));
}

TEST(Exposition, ReadWhileWorkersWrite) {
  Metrics metrics(1000);
  std::atomic<bool> done{false};
  std::thread worker([&] {
    WorkerObserver sink(metrics, std::nullopt);
    Scene scene;
    for (std::uint16_t i = 0; i < 20'000; ++i) {
      RequestRecord record = scene.record();
      record.status = static_cast<std::uint16_t>(200 + i % 300);
      sink.on_request(record);
    }
    done = true;
  });
  while (!done) EXPECT_FALSE(expose(metrics).empty());
  worker.join();
  EXPECT_THAT(expose(metrics),
              HasSubstr("pintle_route_request_duration_seconds_count{route=\"default/shop\"} 20000\n"));
}

}  // namespace
}  // namespace pintle::observe
