#include "src/app/demo_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] std::string text_of(const Json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// "default/shop rule 1: prefix /", or why no rule took it.
[[nodiscard]] std::string rule_text(const Json& walk) {
  if (const auto rules = walk.find("rules"); rules != walk.end())
    for (const Json& rule : *rules)
      if (text_of(rule, "result") == "won") return text_of(rule, "rule") + ": " + text_of(rule, "match");
  const auto answer = walk.find("answer");
  if (answer == walk.end()) return "?";
  const std::string reason = text_of(*answer, "reason");
  if (reason == "no_host") return "none: no route has this host";
  if (reason == "no_route") return "none: no rule matched";
  return "none: " + reason;
}

/// The pod that answered, as its answer says.
[[nodiscard]] std::string pod_of(const FetchResponse& response) {
  const Json body = Json::parse(response.body, nullptr, false);
  return body.is_object() ? text_of(body, "pod") : std::string();
}

/// "shop-v1 (90 %)": who answered, and its share of the rule's requests.
[[nodiscard]] std::string backend_text(const std::string& pod, const Json& walk) {
  if (pod.empty()) return "-";
  const auto backends = walk.find("backends");
  if (backends == walk.end() || backends->size() < 2) return pod;
  for (const Json& backend : *backends)
    if (text_of(backend, "backend").find("/" + pod + ":") != std::string::npos)
      return fmt::format("{} ({:.0f} %)", pod, backend.value("percent", 0.0));
  return pod;
}

}  // namespace

const std::vector<DemoRequest>& demo_requests() {
  static const std::vector<DemoRequest> requests{
      {.scheme = "http", .host = "shop.localhost", .path = "/", .header = {}, .status = 200, .pod = {}},
      {.scheme = "http",
       .host = "shop.localhost",
       .path = "/",
       .header = "x-canary: yes",
       .status = 200,
       .pod = "shop-v2"},
      {.scheme = "https", .host = "shop.localhost", .path = "/cart", .header = {}, .status = 200, .pod = {}},
      {.scheme = "http", .host = "old.localhost", .path = "/a", .header = {}, .status = 301, .pod = {}},
      {.scheme = "http", .host = "nobody.localhost", .path = "/", .header = {}, .status = 404, .pod = {}},
  };
  return requests;
}

std::string url_of(const DemoRequest& request, const DemoPorts& ports) {
  return fmt::format("{}://{}:{}{}", request.scheme, request.host, request.scheme == "https" ? ports.https : ports.http,
                     request.path);
}

FetchRequest fetch_of(const DemoRequest& request, const DemoPorts& ports, const std::string& ca_file) {
  const bool secure = request.scheme == "https";
  const std::uint16_t port = secure ? ports.https : ports.http;
  FetchRequest made;
  made.address = {.ip = {127, 0, 0, 1}, .port = port, .v6 = false};
  made.target = request.path;
  made.host = fmt::format("{}:{}", request.host, port);
  if (!request.header.empty()) made.headers.push_back(request.header);
  if (secure) {
    made.ca_file = ca_file;
    made.server_name = request.host;
  }
  return made;
}

std::vector<std::string> demo_columns() { return {"REQUEST", "ROUTE, RULE", "BACKEND", "STATUS", "TIME"}; }

DemoRow make_row(const DemoRequest& request, const DemoPorts& ports, const Result<FetchResponse>& response,
                 const Json& walk) {
  const std::string url = url_of(request, ports);
  std::string asked = "GET " + (request.scheme == "http" ? url.substr(std::string_view("http://").size()) : url);
  if (!request.header.empty()) asked += fmt::format(" ({})", request.header);
  if (!response)
    return {.cells = {asked, rule_text(walk), "-", "none", "-"},
            .fault = fmt::format("{}: no answer: {}", asked, response.error().context)};
  const std::string pod = pod_of(*response);
  DemoRow row;
  row.cells = {asked, rule_text(walk), backend_text(pod, walk), fmt::format("{}", response->status),
               fmt::format("{:.1f} ms", static_cast<double>(response->time.count()) / 1000)};
  if (response->status != request.status)
    row.fault = fmt::format("{}: status {}, but the example gives {}", asked, response->status, request.status);
  else if (!request.pod.empty() && pod != request.pod)
    row.fault = fmt::format("{}: answered by '{}', but the example gives {}", asked, pod, request.pod);
  return row;
}

}  // namespace pintle::app
