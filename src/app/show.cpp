// explain, status, routes: the same answer from manifests or from a running instance.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/compile/yaml_text.hpp"
#include "src/app/commands.hpp"
#include "src/app/explain_walk.hpp"
#include "src/app/http_client.hpp"
#include "src/app/offline.hpp"
#include "src/app/routes_list.hpp"
#include "src/app/status_list.hpp"
#include "src/app/url.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;

[[nodiscard]] Exit fail(Terminal& terminal, const Error& error) {
  terminal.err << terminal.paint(Paint::Bad, "error: ") << printable(error.context) << '\n';
  return error.code == ErrorCode::Unreachable       ? Exit::Unreachable
         : error.code == ErrorCode::InvalidArgument ? Exit::Usage
                                                    : Exit::Failed;
}

[[nodiscard]] Result<Json> ask(const std::string& admin, const std::string& target) {
  const auto response = fetch_admin(admin, target);
  if (!response) return std::unexpected(response.error());
  Json parsed = Json::parse(response->body, nullptr, false);
  if (parsed.is_discarded())
    return make_error(ErrorCode::Malformed, fmt::format("{}{}: no JSON came back", admin, target));
  return parsed;
}

constexpr std::size_t most_findings = 5;  ///< that are told beside an answer

/// Manifests with errors are still judged, as `serve` would; but nobody should wonder why an object is not there.
void warn_of_findings(const OfflineWorld& world, Terminal& terminal) {
  std::size_t errors = 0;
  for (const api::Finding& finding : world.manifests.findings)
    if (finding.severity == api::Severity::Error && ++errors <= most_findings)
      terminal.err << printable(api::format_finding(finding)) << '\n';
  if (errors > most_findings) terminal.err << "and " << errors - most_findings << " more; see pintle validate\n";
}

/// The same of an instance; one that cannot tell is no reason to fail.
void warn_of_findings(const std::string& admin, Terminal& terminal) {
  const Result<Json> list = ask(admin, "/findings");
  if (!list || !list->contains("findings")) return;
  std::size_t errors = 0;
  for (const Json& finding : (*list)["findings"]) {
    if (finding.value("severity", "") != "error" || ++errors > most_findings) continue;
    std::string text = fmt::format("{}:{}:{}: error {}: ", finding.value("file", ""), finding.value("line", 0),
                                   finding.value("column", 0), finding.value("id", ""));
    if (finding.contains("object")) text += finding.value("object", "") + ": ";
    if (finding.contains("field")) text += finding.value("field", "") + ": ";
    text += finding.value("message", "");
    if (finding.contains("fix")) text += "; fix: " + finding.value("fix", "");
    terminal.err << printable(text) << '\n';
  }
  if (errors > most_findings)
    terminal.err << "and " << errors - most_findings << " more; see http://" << admin << "/findings\n";
}

[[nodiscard]] Width width_of(OutputFormat format) { return format == OutputFormat::Wide ? Width::Wide : Width::Normal; }

/// True if it was one of the formats for programs.
[[nodiscard]] bool print_data(const Json& data, OutputFormat format, Terminal& terminal) {
  if (format == OutputFormat::Json)
    terminal.out << data.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  else if (format == OutputFormat::Yaml)
    terminal.out << compile::to_yaml(data);
  else
    return false;
  return true;
}

[[nodiscard]] std::string explain_target(const ExplainOptions& options) {
  std::string target =
      "/explain?url=" + encode_query_component(options.url) + "&method=" + encode_query_component(options.method);
  for (const std::string& header : options.headers) target += "&header=" + encode_query_component(header);
  if (!options.sni.empty()) target += "&sni=" + encode_query_component(options.sni);
  return target;
}

[[nodiscard]] Result<Json> walk_request(const ExplainOptions& options, Terminal& terminal) {
  if (options.target.config_dirs.empty()) return ask(options.target.admin, explain_target(options));
  const OfflineWorld world = evaluate(options.target.config_dirs, options.target);
  warn_of_findings(world, terminal);
  return explain_request(
      world.compiled, {.url = options.url, .method = options.method, .headers = options.headers, .sni = options.sni});
}

}  // namespace

Exit run_explain(const ExplainOptions& options, Terminal& terminal) {
  if (const auto url = parse_url(options.url); !url) return fail(terminal, url.error());
  const Result<Json> walk = walk_request(options, terminal);
  if (!walk) return fail(terminal, walk.error());
  if (!print_data(*walk, options.format, terminal)) terminal.out << explain_text(*walk);
  return walk->value("served", false) ? Exit::Fine : Exit::NotServed;
}

Exit run_status(const StatusOptions& options, Terminal& terminal) {
  Result<Json> statuses = Json();
  if (options.target.config_dirs.empty()) {
    statuses = ask(options.target.admin, "/status");
    if (statuses) warn_of_findings(options.target.admin, terminal);
  } else {
    const OfflineWorld world = evaluate(options.target.config_dirs, options.target);
    warn_of_findings(world, terminal);
    statuses = list_statuses(world.statuses, world.manifests.findings);
  }
  if (!statuses) return fail(terminal, statuses.error());
  if (!print_data(*statuses, options.format, terminal)) print_statuses(*statuses, width_of(options.format), terminal);
  return Exit::Fine;
}

Exit run_routes(const RoutesOptions& options, Terminal& terminal) {
  Result<Json> routes = Json();
  if (options.target.config_dirs.empty()) {
    routes = ask(options.target.admin, "/routes");
  } else {
    const OfflineWorld world = evaluate(options.target.config_dirs, options.target);
    warn_of_findings(world, terminal);
    routes = list_routes(world.compiled);
  }
  if (!routes) return fail(terminal, routes.error());
  if (!print_data(*routes, options.format, terminal)) print_routes(*routes, width_of(options.format), terminal);
  return Exit::Fine;
}

}  // namespace pintle::app
