// Texts made from the tree of commands: help, completion scripts, man page. Internal to the command line.
#pragma once
#include <string>

#include "src/app/cli_tree.hpp"

namespace pintle::app {

/// All commands, or one command: summary, usage, three examples, flags by group with their defaults.
[[nodiscard]] std::string help_text(const CLI::App& tree);
[[nodiscard]] std::string help_text(const CLI::App& command, const CommandText& text);

[[nodiscard]] std::string bash_completion(const CLI::App& tree);
[[nodiscard]] std::string zsh_completion(const CLI::App& tree);
[[nodiscard]] std::string fish_completion(const CLI::App& tree);
/// Section 1, roff with the man macros.
[[nodiscard]] std::string man_page(const CLI::App& tree);

}  // namespace pintle::app
