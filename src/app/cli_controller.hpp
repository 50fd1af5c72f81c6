// Flags that more than one command has, and those of `pintle controller`. Internal to the command line.
#pragma once
#include "src/app/cli_flags.hpp"
#include "src/app/options.hpp"

namespace pintle::app {

void add_trust(Flags& flags, RunOptions& options);
void add_running(Flags& flags, RunOptions& options);
void add_telling(Flags& flags, RunOptions& options);

void add_controller(CLI::App& app, ControllerOptions& options);

}  // namespace pintle::app
