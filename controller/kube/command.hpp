// Runs a program and waits for it without holding up the thread.
//  - guarantees: it gets nothing of ours but the environment: no descriptor, no input; the report comes once, never
//  from
//    inside run_command() and never after the RunningCommand is gone, which ends the program too. What it prints may be
//    secret and is never logged; what it prints to standard error is kept for people, the first 2 KiB of it.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>
#include <pintle/base/secret.hpp>

namespace boost::asio {
class io_context;
}

namespace pintle::kube {

struct CommandLine {
  std::vector<std::string> words;                                ///< the first is a path or is looked for in PATH
  std::vector<std::pair<std::string, std::string>> environment;  ///< set beside, or instead of, what we have
  Millis timeout{60'000};
};

struct CommandResult {
  int exit_code = 0;  ///< 128 + the signal that ended it
  Secret output;
  std::string errors;
};

/// A program that runs; letting go of it ends it.
class RunningCommand {
 public:
  virtual ~RunningCommand() = default;
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;

 protected:
  RunningCommand() = default;
};

/// Timeout; TooLarge when it prints more than 1 MiB; NoSuchFile or PermissionDenied when it cannot be started.
[[nodiscard]] std::unique_ptr<RunningCommand> run_command(boost::asio::io_context& io, CommandLine line,
                                                          std::function<void(Result<CommandResult>)> done);

}  // namespace pintle::kube
