// validate: what decoding says of each object and what becomes of all of them together, by the code that serves.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "src/app/commands.hpp"
#include "src/app/finding_output.hpp"
#include "src/app/finding_writer.hpp"
#include "src/app/validate_world.hpp"

namespace pintle::app {

Exit run_validate(const ValidateOptions& options, Terminal& terminal) {
  Target target;
  target.tls = options.tls;
  const OfflineWorld world = evaluate(options.paths, target);
  FindingList list{
      .findings = world.manifests.findings, .objects = world.manifests.objects.size(), .files = world.manifests.files};
  std::ranges::move(find_faults(world, {.now = wall_now(), .expiry_days = options.expiry_days}),
                    std::back_inserter(list.findings));
  sort_findings(list.findings);

  const auto print_json = [&](const nlohmann::ordered_json& json) {
    terminal.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
  };
  switch (options.format) {
    case OutputFormat::Json:
      print_json(findings_json(list));
      break;
    case OutputFormat::Sarif:
      print_json(findings_sarif(list));
      break;
    case OutputFormat::Github:
      terminal.out << findings_github(list);
      break;
    default:
      print_findings(list, terminal);
  }
  const bool failed = std::ranges::any_of(
      list.findings, [&](const api::Finding& finding) { return finding.severity >= options.fail_on; });
  return failed ? Exit::Findings : Exit::Fine;
}

}  // namespace pintle::app
