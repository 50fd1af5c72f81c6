// The tree of commands and flags: the one source of parsing, help, completion and man page. Internal to the command
// line.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "src/app/options.hpp"

namespace pintle::app {

struct CommandText {
  Command command;
  std::string_view name;
  std::string_view summary;  ///< one line, no full stop
  std::string_view usage;    ///< what follows the name
  std::array<std::string_view, 3> examples;
};
[[nodiscard]] const std::vector<CommandText>& command_texts();
[[nodiscard]] const CommandText* find_command(std::string_view name);

/// A flag as people read it, taken out of the tree.
struct FlagText {
  std::string group;
  std::string short_name;  ///< "-X" or empty
  std::string long_name;   ///< "--method"; a positional: its name
  std::string value;       ///< "IP:PORT"; empty: takes none
  std::string description;
  std::string default_text;
  std::string variable;  ///< "PINTLE_ADMIN"
  std::vector<std::string> choices;
};
[[nodiscard]] std::vector<FlagText> flags_of(const CLI::App& command);

/// The tree, bound to `options`, which must outlive it. Unknown words are left in CLI::App::remaining().
[[nodiscard]] std::unique_ptr<CLI::App> make_tree(Options& options);

}  // namespace pintle::app
