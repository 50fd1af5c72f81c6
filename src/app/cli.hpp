// The command line: words in, exit code out.
//  - guarantees: anything wrong ends with exit 2, one line that says what and the nearest right word; help, completion
//  and
//    man page come from the same tree as parsing; every flag is also an environment variable PINTLE_*.
//  - leaves to others: what the commands do (commands.hpp).
//  - threads: one.
#pragma once
#include <span>

#include "src/app/options.hpp"
#include "src/app/terminal.hpp"

namespace pintle::app {

/// What parsing came to: options to run with, or an answer already printed.
struct Parsed {
  Options options;
  bool finished = false;  ///< help or an error was printed; `exit` is the answer
  Exit exit = Exit::Fine;
};
[[nodiscard]] Parsed parse_command_line(std::span<const char* const> arguments, Terminal& terminal);

/// Parses and runs.
[[nodiscard]] int run(std::span<const char* const> arguments, Terminal& terminal);

}  // namespace pintle::app
