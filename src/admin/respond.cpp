#include "src/admin/respond.hpp"

#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pintle::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] AdminResponse fault(unsigned status, std::string_view message) {
  return {.status = status,
          .body = Json{{"error", message}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

/// "127.0.0.1:9801", "[::1]", "localhost:9801": what a page of another origin cannot make a browser send.
[[nodiscard]] bool is_local_name(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) host = host.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  runtime::SocketAddress ignored;
  return host.empty() || host == "localhost" || runtime::parse_ip(host, ignored);
}

[[nodiscard]] int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}
[[nodiscard]] std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

template <class Visit>
void for_each_parameter(std::string_view query, Visit&& visit) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (!pair.empty()) visit(decode(pair.substr(0, equals)), decode(pair.substr(std::min(equals + 1, pair.size()))));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

[[nodiscard]] bool has_parameter(std::string_view query, std::string_view name) {
  bool found = false;
  for_each_parameter(query, [&](const std::string& key, const std::string&) { found = found || key == name; });
  return found;
}

/// In the manner of the Kubernetes API server: one line per check when asked or when something is wrong.
[[nodiscard]] AdminResponse health(const std::vector<HealthCheck>& checks, std::string_view query) {
  bool good = true;
  std::string lines;
  for (const HealthCheck& check : checks) {
    good = good && check.good;
    lines += check.good ? fmt::format("[+]{} ok\n", check.name)
                        : fmt::format("[-]{} failed: {}\n", check.name, check.detail);
  }
  AdminResponse response{.status = good ? 200U : 503U, .content_type = text_type, .body = {}};
  if (!good || has_parameter(query, "verbose")) response.body = lines;
  response.body += good ? "ok\n" : "not ready\n";
  return response;
}

[[nodiscard]] AdminResponse explain(const Sources& sources, std::string_view query) {
  ExplainQuery asked;
  std::optional<std::string> unknown;
  for_each_parameter(query, [&](const std::string& key, const std::string& value) {
    if (key == "url")
      asked.url = value;
    else if (key == "method")
      asked.method = value;
    else if (key == "header")
      asked.headers.push_back(value);
    else if (key == "sni")
      asked.sni = value;
    else
      unknown = key;
  });
  if (unknown) return fault(400, fmt::format("unknown parameter '{}'; there are url, method, header, sni", *unknown));
  if (asked.url.empty()) return fault(400, "url is needed: /explain?url=http%3A%2F%2FHOST%2FPATH");
  Result<std::string> answer = sources.explain(asked);
  if (!answer) return fault(400, answer.error().context);
  return {.body = std::move(*answer)};
}

[[nodiscard]] AdminResponse not_found(const Sources& sources, std::string_view path) {
  Json paths = Json::array({"/livez", "/readyz", "/healthz"});
  if (sources.metrics) paths.push_back("/metrics");
  if (sources.config) paths.push_back("/config");
  if (sources.status) paths.push_back("/status");
  if (sources.routes) paths.push_back("/routes");
  if (sources.findings) paths.push_back("/findings");
  if (sources.explain) paths.push_back("/explain?url=URL[&method=M][&header=N:V][&sni=NAME]");
  const Json body{{"error", fmt::format("there is no path '{}'", path.substr(0, 256))}, {"paths", std::move(paths)}};
  return {.status = 404, .body = body.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace

AdminResponse respond(const Sources& sources, const AdminRequest& request) {
  if (request.method != "GET" && request.method != "HEAD")
    return fault(405, "the admin address is read-only: GET and HEAD");
  if (request.binding == Binding::Loopback && !is_local_name(request.host))
    return fault(421, "ask by IP address or as localhost: this address serves the machine itself alone");
  const std::size_t mark = std::min(request.target.find('?'), request.target.size());
  const std::string_view path = request.target.substr(0, mark);
  const std::string_view query = request.target.substr(std::min(mark + 1, request.target.size()));

  if (path == "/livez") return health({{.name = "ping", .good = true, .detail = {}}}, query);
  if (path == "/healthz") return health({{.name = "ping", .good = true, .detail = {}}}, query);
  if (path == "/readyz") return health(sources.readiness ? sources.readiness() : std::vector<HealthCheck>(), query);
  if (path == "/metrics" && sources.metrics) return {.content_type = metrics_type, .body = sources.metrics()};
  if (path == "/config" && sources.config) return {.body = sources.config()};
  if (path == "/status" && sources.status) return {.body = sources.status()};
  if (path == "/routes" && sources.routes) return {.body = sources.routes()};
  if (path == "/findings" && sources.findings) return {.body = sources.findings()};
  if (path == "/explain" && sources.explain) return explain(sources, query);
  return not_found(sources, path);
}

}  // namespace pintle::admin
