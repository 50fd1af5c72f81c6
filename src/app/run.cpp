#include <nlohmann/json.hpp>

#include <pintle/base/version.hpp>

#include "src/app/cli.hpp"
#include "src/app/cli_text.hpp"
#include "src/app/commands.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] Exit print_text(const Options& options, Terminal& terminal) {
  Options unused;
  const std::unique_ptr<CLI::App> tree = make_tree(unused);
  if (options.command == Command::Man)
    terminal.out << man_page(*tree);
  else if (options.command == Command::Completion)
    terminal.out << (options.shell == "bash"  ? bash_completion(*tree)
                     : options.shell == "zsh" ? zsh_completion(*tree)
                                              : fish_completion(*tree));
  else if (const CommandText* text = find_command(options.topic); text != nullptr)
    terminal.out << help_text(*tree->get_subcommand(options.topic), *text);
  else
    terminal.out << help_text(*tree);
  return Exit::Fine;
}

[[nodiscard]] Exit run_command(const Options& options, Terminal& terminal) {
  switch (options.command) {
    case Command::Demo:
      return run_demo(options.demo, terminal);
    case Command::Serve:
      return static_cast<Exit>(serve(options.serve));
    case Command::Controller:
      return static_cast<Exit>(run_controller(options.controller));
    case Command::Check:
      return run_check(options.check, terminal);
    case Command::Validate:
      return run_validate(options.validate, terminal);
    case Command::Explain:
      return run_explain(options.explain, terminal);
    case Command::Status:
      return run_status(options.status, terminal);
    case Command::Routes:
      return run_routes(options.routes, terminal);
    case Command::Version:
      return run_version(options.version, terminal);
    case Command::Completion:
    case Command::Man:
    case Command::Help:
    case Command::None:
      return print_text(options, terminal);
  }
  return Exit::Failed;
}

}  // namespace

Exit run_version(const VersionOptions& options, Terminal& terminal) {
  if (options.format == OutputFormat::Json) {
    terminal.out << nlohmann::ordered_json{{"version", version()}, {"commit", git_commit()}}.dump(2) << '\n';
    return Exit::Fine;
  }
  terminal.out << "pintle " << version();
  if (!git_commit().empty()) terminal.out << " (" << git_commit() << ')';
  terminal.out << '\n';
  return Exit::Fine;
}

int run(std::span<const char* const> arguments, Terminal& terminal) {
  const Parsed parsed = parse_command_line(arguments, terminal);
  const Exit exit = parsed.finished ? parsed.exit : run_command(parsed.options, terminal);
  terminal.out.flush();
  return static_cast<int>(exit);
}

}  // namespace pintle::app
