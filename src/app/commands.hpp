// The commands, one function each. They print to the terminal and give the exit code. Main thread.
#pragma once
#include "src/app/options.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {

[[nodiscard]] Exit run_demo(const DemoOptions& options, Terminal& terminal);
/// Asks a URL until the status is the expected one or the time is over.
[[nodiscard]] Exit run_check(const CheckOptions& options, Terminal& terminal);
[[nodiscard]] Exit run_validate(const ValidateOptions& options, Terminal& terminal);
[[nodiscard]] Exit run_explain(const ExplainOptions& options, Terminal& terminal);
[[nodiscard]] Exit run_status(const StatusOptions& options, Terminal& terminal);
[[nodiscard]] Exit run_routes(const RoutesOptions& options, Terminal& terminal);
[[nodiscard]] Exit run_version(const VersionOptions& options, Terminal& terminal);

}  // namespace pintle::app
