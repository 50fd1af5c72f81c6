#include "dataplane/observe/exposition.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "dataplane/observe/families.hpp"
#include "dataplane/observe/program_metrics.hpp"

namespace pintle::observe {
namespace {

constexpr double seconds = 1e9;  // of nanoseconds
constexpr double bytes = 1;

constexpr std::array<std::string_view, tls_versions> tls_version_names{"none", "1.2", "1.3"};
constexpr std::array<std::string_view, handshake_results> handshake_result_names{"ok", "failed", "timeout",
                                                                                 "unknown_name"};
constexpr std::array<std::string_view, 6> code_class_names{"none", "1xx", "2xx", "3xx", "4xx", "5xx"};

[[nodiscard]] std::string_view method_label(http::Method method) noexcept {
  const std::string_view name = http::method_name(method);
  return name.empty() ? "_OTHER" : name;
}
[[nodiscard]] std::string_view version_label(http::Version version) noexcept {
  switch (version) {
    case http::Version::Http10:
      return "1.0";
    case http::Version::Http11:
      return "1.1";
    case http::Version::Http2:
      return "2";
  }
  return {};
}
[[nodiscard]] std::string_view scheme_label(runtime::SocketProtocol scheme) noexcept {
  return scheme == runtime::SocketProtocol::Https ? "https" : "http";
}
[[nodiscard]] std::string status_label(std::uint16_t status) {
  return status == 0 ? std::string() : fmt::format("{}", status);
}
/// The reason where the gateway answered or the client left; the status where a backend answered 5xx; else absent.
[[nodiscard]] std::string error_label(Reason reason, std::uint16_t status) {
  if (is_rejection(reason) || reason == Reason::ClientClosed) return std::string(to_string(reason));
  return status >= 500 ? status_label(status) : std::string();
}

[[nodiscard]] std::string http_labels(const HttpSeries& series) {
  if (series.other)
    return join_labels({{"http_request_method", other_label}, {"gateway", other_label}, {"listener", other_label}});
  const HttpLabels& l = series.labels;
  return join_labels({{"http_request_method", method_label(l.method)},
                      {"url_scheme", scheme_label(l.scheme)},
                      {"http_response_status_code", status_label(l.status)},
                      {"network_protocol_version", version_label(l.version)},
                      {"error_type", error_label(l.reason, l.status)},
                      {"gateway", series.listener->gateway},
                      {"listener", series.listener->listener}});
}

void append_http(std::string& out, const Metrics& metrics) {
  HistogramFamily<14> duration;
  HistogramFamily<8> request_size;
  HistogramFamily<8> response_size;
  ScalarFamily active;
  metrics.for_each([&](const Shard& shard) {
    shard.http.for_each([&](const HttpSeries& series) {
      const std::string labels = http_labels(series);
      duration.add(labels, series.duration);
      request_size.add(labels, series.request_size);
      response_size.add(labels, series.response_size);
    });
    for (const auto scheme : {runtime::SocketProtocol::Http, runtime::SocketProtocol::Https})
      active.add(join_labels({{"url_scheme", scheme_label(scheme)}}),
                 shard.active[static_cast<std::size_t>(scheme)].value());
  });
  duration.append_to(out, {"http_server_request_duration_seconds", "histogram", "Duration of requests of clients."},
                     request_bounds, seconds);
  active.append_to(out, {"http_server_active_requests", "gauge", "Requests of clients in flight."});
  request_size.append_to(out, {"http_server_request_body_size_bytes", "histogram", "Size of bodies of requests."},
                         size_bounds, bytes);
  response_size.append_to(out, {"http_server_response_body_size_bytes", "histogram", "Size of bodies of responses."},
                          size_bounds, bytes);
}

void append_routes(std::string& out, const Metrics& metrics) {
  ScalarFamily requests;
  HistogramFamily<8> duration;
  HistogramFamily<8> overhead;
  metrics.for_each([&](const Shard& shard) {
    shard.routes.for_each([&](const RouteSeries& series) {
      series.answers.for_each([&](const AnswerCount& answer) {
        requests.add(join_labels({{"gateway", series.gateway},
                                  {"listener", series.listener},
                                  {"route", series.route},
                                  {"rule", series.rule},
                                  {"code_class", code_class_names[answer.code_class]},
                                  {"reason", to_string(answer.reason)}}),
                     static_cast<std::int64_t>(answer.count.value()));
      });
      duration.add(join_labels({{"route", series.route}}), series.duration);
    });
    shard.listeners.for_each([&](const ListenerSeries& series) {
      if (!series.gateway.empty()) overhead.add(join_labels({{"gateway", series.gateway}}), series.overhead);
    });
  });
  requests.append_to(out, {"pintle_route_requests_total", "counter", "Requests by route, rule, answer and reason."});
  duration.append_to(out, {"pintle_route_request_duration_seconds", "histogram", "Duration of requests by route."},
                     route_bounds, seconds);
  overhead.append_to(out, {"pintle_proxy_overhead_seconds", "histogram", "Time the gateway itself added to a request."},
                     overhead_bounds, seconds);
}

void append_passed_on(std::string& out, const Metrics& metrics) {
  ScalarFamily ended;
  ScalarFamily received;
  ScalarFamily sent;
  HistogramFamily<8> duration;
  metrics.for_each([&](const Shard& shard) {
    shard.connections.for_each([&](const ConnectionSeries& series) {
      const std::string_view transport = series.transport == runtime::Transport::Tcp ? "tcp" : "udp";
      const auto labels_with = [&](std::string_view reason) {
        return join_labels({{"gateway", series.gateway},
                            {"listener", series.listener},
                            {"route", series.route},
                            {"network_transport", transport},
                            {"reason", reason}});
      };
      for (std::size_t i = 0; i < reason_count; ++i)
        if (series.ended[i].value() != 0)
          ended.add(labels_with(to_string(static_cast<Reason>(i))), static_cast<std::int64_t>(series.ended[i].value()));
      received.add(labels_with({}), static_cast<std::int64_t>(series.received.value()));
      sent.add(labels_with({}), static_cast<std::int64_t>(series.sent.value()));
      duration.add(join_labels({{"route", series.route}, {"network_transport", transport}}), series.duration);
    });
  });
  ended.append_to(out, {"pintle_l4_connections_total", "counter",
                        "Connections and UDP flows passed on or refused, when they ended."});
  received.append_to(out, {"pintle_l4_received_bytes_total", "counter", "Bytes that came from clients to pass on."});
  sent.append_to(out, {"pintle_l4_sent_bytes_total", "counter", "Bytes passed on to clients."});
  duration.append_to(out, {"pintle_l4_connection_duration_seconds", "histogram", "Age of connections when they ended."},
                     age_bounds, seconds);
}

void append_clients(std::string& out, const Metrics& metrics) {
  HistogramFamily<14> duration;
  HistogramFamily<8> age;
  ScalarFamily open;
  metrics.for_each([&](const Shard& shard) {
    shard.clients.for_each([&](const ClientSeries& series) {
      if (series.other)
        duration.add(join_labels({{"backend", other_label}}), series.duration);
      else
        duration.add(join_labels({{"backend", series.backend->backend},
                                  {"http_response_status_code", status_label(series.status)},
                                  {"error_type", error_label(series.reason, series.status)}}),
                     series.duration);
    });
    shard.backends.for_each([&](const BackendSeries& series) {
      const std::int64_t busy = std::max<std::int64_t>(series.busy.value(), 0);
      const std::int64_t idle = std::max<std::int64_t>(series.open.value() - busy, 0);
      open.add(join_labels({{"backend", series.backend}, {"http_connection_state", "active"}}), busy);
      open.add(join_labels({{"backend", series.backend}, {"http_connection_state", "idle"}}), idle);
      age.add(join_labels({{"backend", series.backend}}), series.connection_age);
    });
  });
  duration.append_to(out, {"http_client_request_duration_seconds", "histogram", "Duration of requests to backends."},
                     request_bounds, seconds);
  open.append_to(out, {"http_client_open_connections", "gauge", "Connections to backends."});
  age.append_to(out, {"http_client_connection_duration_seconds", "histogram", "Age of connections to backends."},
                age_bounds, seconds);
}

void append_backends(std::string& out, const Metrics& metrics, const ControlMetrics& control) {
  ScalarFamily endpoints;
  ScalarFamily healthy;
  ScalarFamily ejections;
  ScalarFamily retries;
  ScalarFamily failures;
  ScalarFamily copies;
  std::map<std::string, std::int64_t> ejected;  // the most any worker has: each judges for itself
  const auto add_reasons = [](ScalarFamily& family, const BackendSeries& series,
                              const std::array<Counter, reason_count>& counters) {
    for (std::size_t i = 0; i < reason_count; ++i)
      if (counters[i].value() != 0)
        family.add(join_labels({{"backend", series.backend}, {"reason", to_string(static_cast<Reason>(i))}}),
                   static_cast<std::int64_t>(counters[i].value()));
  };
  metrics.for_each([&](const Shard& shard) {
    shard.backends.for_each([&](const BackendSeries& series) {
      ejections.add(join_labels({{"backend", series.backend}}), static_cast<std::int64_t>(series.ejections.value()));
      add_reasons(retries, series, series.retries);
      if (const auto lost = series.copies_lost.value(); lost != 0)
        copies.add(join_labels({{"backend", series.backend}}), static_cast<std::int64_t>(lost));
      add_reasons(failures, series, series.connect_failures);
      std::int64_t& most = ejected[series.backend];
      most = std::max(most, series.ejected.value());
    });
  });
  for (const auto& [backend, count] : control.endpoints) {
    const auto all = static_cast<std::int64_t>(count);
    const auto found = ejected.find(backend);
    endpoints.add(join_labels({{"backend", backend}}), all);
    healthy.add(join_labels({{"backend", backend}}),
                std::max<std::int64_t>(0, found == ejected.end() ? all : all - found->second));
  }
  endpoints.append_to(out, {"pintle_backend_endpoints", "gauge", "Endpoints that a backend offers."});
  healthy.append_to(out, {"pintle_backend_healthy_endpoints", "gauge", "Endpoints that no worker has ejected."});
  ejections.append_to(out, {"pintle_backend_ejections_total", "counter", "Endpoints ejected after failures."});
  retries.append_to(out, {"pintle_backend_retries_total", "counter", "Requests sent once more."});
  copies.append_to(out, {"pintle_mirror_copies_lost_total", "counter", "Copies for mirrors that were given up."});
  failures.append_to(out, {"pintle_backend_connect_failures_total", "counter", "Connections that were not made."});
}

void append_handshakes(ScalarFamily& family, const SocketSeries& series) {
  for (std::size_t version = 0; version < tls_versions; ++version)
    for (std::size_t result = 0; result < handshake_results; ++result)
      for (std::size_t resumed = 0; resumed < 2; ++resumed) {
        const std::uint64_t count = series.handshakes[version][result][resumed].value();
        if (count == 0) continue;
        family.add(join_labels({{"listener", series.listener},
                                {"version", tls_version_names[version]},
                                {"result", handshake_result_names[result]},
                                {"resumed", resumed == 0 ? "false" : "true"}}),
                   static_cast<std::int64_t>(count));
      }
}

void append_connections(std::string& out, const Metrics& metrics) {
  ScalarFamily state;
  ScalarFamily total;
  ScalarFamily handshakes;
  HistogramFamily<8> duration;
  ScalarFamily rejected;
  ScalarFamily dropped_series;
  ScalarFamily dropped_lines;
  metrics.for_each([&](const Shard& shard) {
    std::int64_t open = 0;
    shard.sockets.for_each([&](const SocketSeries& series) {
      open += series.open.value();
      if (series.listener == other_label && series.opened.value() == 0) return;
      const std::string labels = join_labels({{"listener", series.listener}});
      total.add(labels, static_cast<std::int64_t>(series.opened.value()));
      append_handshakes(handshakes, series);
      if (series.handshake_duration.sum() != 0) duration.add(labels, series.handshake_duration);
    });
    // HTTP/1: a connection carries at most one request, so requests in flight are the active connections.
    const std::int64_t active = std::clamp<std::int64_t>(shard.active[0].value() + shard.active[1].value(), 0, open);
    state.add(join_labels({{"state", "active"}}), active);
    state.add(join_labels({{"state", "idle"}}), open - active);
    for (std::size_t i = 0; i < reason_count; ++i)
      if (shard.rejected[i].value() != 0)
        rejected.add(join_labels({{"reason", to_string(static_cast<Reason>(i))}}),
                     static_cast<std::int64_t>(shard.rejected[i].value()));
    dropped_series.add({}, static_cast<std::int64_t>(shard.dropped_series.value()));
    dropped_lines.add({}, static_cast<std::int64_t>(shard.dropped_log_lines.value()));
  });
  state.append_to(out, {"pintle_connections", "gauge", "Connections of clients."});
  total.append_to(out, {"pintle_connections_total", "counter", "Connections of clients accepted."});
  handshakes.append_to(out, {"pintle_tls_handshakes_total", "counter", "TLS handshakes with clients."});
  duration.append_to(out, {"pintle_tls_handshake_duration_seconds", "histogram", "Duration of TLS handshakes."},
                     overhead_bounds, seconds);
  rejected.append_to(out,
                     {"pintle_requests_rejected_total", "counter", "Requests the gateway itself refused or failed."});
  dropped_series.append_to(out, {"pintle_metrics_dropped_series_total", "counter",
                                 "Label sets beyond the budget, counted under the labels other."});
  dropped_lines.append_to(
      out, {"pintle_access_log_dropped_lines_total", "counter", "Access log lines that nobody took in time."});
}

void append_control(std::string& out, const ControlMetrics& control) {
  const auto gauge = [&](std::string_view name, std::string_view help, std::int64_t value) {
    append_head(out, {name, "gauge", help});
    append_sample(out, name, {}, value);
  };
  gauge("pintle_config_generation", "Generation of the configuration served.",
        static_cast<std::int64_t>(control.generation.value));
  gauge("pintle_config_last_apply_timestamp_seconds", "When a configuration was last applied.",
        control.last_apply_seconds);
  gauge("pintle_config_last_apply_success",
        "1 if every worker serves the last configuration and every socket is bound.",
        control.last_apply_success ? 1 : 0);
  HistogramFamily<8> apply;
  apply.add({}, control.apply_duration);
  apply.append_to(out, {"pintle_config_apply_duration_seconds", "histogram", "Time to apply a configuration."},
                  overhead_bounds, seconds);
  HistogramFamily<8> propagation;
  propagation.add({}, control.propagation);
  propagation.append_to(out,
                        {"pintle_route_propagation_seconds", "histogram", "From a change seen to the change live."},
                        overhead_bounds, seconds);
  ScalarFamily objects;
  for (const auto& [kind, count] : control.objects)
    objects.add(join_labels({{"kind", kind}}), static_cast<std::int64_t>(count));
  objects.append_to(out, {"pintle_config_objects", "gauge", "Objects read, by kind."});
  ScalarFamily findings;
  for (const auto& [severity, count] : control.findings)
    findings.add(join_labels({{"severity", severity}}), static_cast<std::int64_t>(count));
  findings.append_to(out, {"pintle_config_findings", "gauge", "Findings about the configuration, by severity."});
  std::map<std::string, std::int64_t> earliest;
  for (const ControlMetrics::Certificate& certificate : control.certificates)
    earliest.try_emplace(certificate.source, certificate.not_after);
  ScalarFamily expiry;
  for (const auto& [source, not_after] : earliest) {
    const std::size_t slash = source.find('/');
    const std::string_view whole = source;
    expiry.add(slash == std::string::npos
                   ? join_labels({{"name", whole}})
                   : join_labels({{"namespace", whole.substr(0, slash)}, {"name", whole.substr(slash + 1)}}),
               not_after);
  }
  expiry.append_to(out, {"pintle_certificate_expiry_timestamp_seconds", "gauge", "End of validity of certificates."});
}

}  // namespace

std::string make_exposition(const Metrics& metrics, const ControlMetrics& control, const ProgramFacts& program) {
  std::string out;
  out.reserve(std::size_t{64} * 1024);
  append_http(out, metrics);
  append_clients(out, metrics);
  append_routes(out, metrics);
  append_passed_on(out, metrics);
  append_backends(out, metrics, control);
  append_connections(out, metrics);
  append_control(out, control);
  append_program(out, program);
  return out;
}

}  // namespace pintle::observe
