#include "src/app/cli.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "src/app/cli_text.hpp"
#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] Parsed finish(Options&& options, Exit exit) {
  return {.options = std::move(options), .finished = true, .exit = exit};
}

[[nodiscard]] Exit usage_error(Terminal& terminal, std::string_view message, std::string_view command) {
  terminal.err << terminal.paint(Paint::Bad, "error: ") << printable(message) << '\n'
               << "See: pintle help" << (command.empty() ? "" : " ") << command << '\n';
  return Exit::Usage;
}

[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string meant = nearest(word, known);
  return meant.empty() ? std::string() : fmt::format("; did you mean '{}'?", meant);
}

[[nodiscard]] std::vector<std::string> all_commands() {
  std::vector<std::string> names;
  for (const CommandText& text : command_texts()) names.emplace_back(text.name);
  return names;
}

/// What is wrong with the words nobody took, or empty.
[[nodiscard]] std::string describe_unknown(const CLI::App& level, std::string_view command) {
  const std::vector<std::string> left = level.remaining();
  if (left.empty()) return {};
  const std::string& word = left.front();
  if (word.starts_with('-') && word != "-") {
    std::vector<std::string> known;
    for (const FlagText& flag : flags_of(level)) known.push_back(flag.long_name);
    const std::string name = word.substr(0, word.find('='));
    return fmt::format("unknown flag '{}'{}", name, did_you_mean(name, known));
  }
  if (command.empty()) return fmt::format("unknown command '{}'{}", word, did_you_mean(word, all_commands()));
  return fmt::format("'{}' takes no further argument '{}'", command, word);
}

/// A flag or argument that must be there and is not, or empty.
[[nodiscard]] std::string describe_missing(const Options& options) {
  switch (options.command) {
    case Command::Serve:
      return options.serve.config_dirs.empty() ? "--config is needed: a folder of manifests" : "";
    case Command::Check:
      return options.check.url.empty() ? "URL is needed: http://HOST[:PORT]/PATH" : "";
    case Command::Validate:
      return options.validate.paths.empty() ? "PATH is needed: files or folders of manifests" : "";
    case Command::Explain:
      return options.explain.url.empty() ? "URL is needed: http://HOST[:PORT]/PATH" : "";
    case Command::Completion:
      if (options.shell == "bash" || options.shell == "zsh" || options.shell == "fish") return "";
      return options.shell.empty()
                 ? "the shell is needed: bash, zsh or fish"
                 : fmt::format("there is no completion for '{}'; there is for bash, zsh and fish", options.shell);
    case Command::Help:
      if (options.topic.empty() || find_command(options.topic) != nullptr) return "";
      return fmt::format("unknown command '{}'{}", options.topic, did_you_mean(options.topic, all_commands()));
    default:
      return "";
  }
}

[[nodiscard]] bool was_given(const CLI::App& level, const char* flag) {
  const CLI::Option* option = level.get_option_no_throw(flag);
  return option != nullptr && option->count() != 0;
}

/// `--help` counts even where the rest is wrong.
[[nodiscard]] const CommandText* asks_for_help(std::span<const char* const> arguments) {
  const CommandText* command = nullptr;
  for (const char* argument : arguments) {
    const std::string_view word = argument;
    if (command == nullptr) command = find_command(word);
    if (command != nullptr && (word == "--help" || word == "-h")) return command;
  }
  return nullptr;
}

}  // namespace

Parsed parse_command_line(std::span<const char* const> arguments, Terminal& terminal) {
  Options options;
  const std::unique_ptr<CLI::App> tree = make_tree(options);
  if (const CommandText* text = asks_for_help(arguments); text != nullptr) {
    terminal.out << help_text(*tree->get_subcommand(std::string(text->name)), *text);
    return finish(std::move(options), Exit::Fine);
  }
  if (arguments.empty()) {
    terminal.err << help_text(*tree);
    return finish(std::move(options), Exit::Usage);
  }
  std::vector<std::string> words(arguments.rbegin(), arguments.rend());  // CLI11 takes them from the back
  std::optional<std::string> fault;
  try {
    tree->parse(words);
  } catch (const CLI::ParseError& error) {
    fault = error.what();
  }
  const auto commands = tree->get_subcommands();
  const std::string command = commands.empty() ? std::string() : commands.front()->get_name();
  if (commands.empty() && !fault && was_given(*tree, "--help")) {
    terminal.out << help_text(*tree);
    return finish(std::move(options), Exit::Fine);
  }
  if (commands.empty() && !fault && was_given(*tree, "--version")) {
    options.command = Command::Version;
    return {.options = std::move(options)};
  }
  std::string wrong = describe_unknown(*tree, "");
  if (wrong.empty() && !commands.empty()) wrong = describe_unknown(*commands.front(), command);
  if (wrong.empty() && fault) wrong = *fault;
  if (commands.size() > 1) {  // CLI11 takes the name of a command for the command, also as an argument
    if (command == "help") {
      options.command = Command::Help;
      options.topic = commands[1]->get_name();
    } else if (wrong.empty()) {
      wrong = fmt::format("one command at a time: '{}' and '{}' were given", command, commands[1]->get_name());
    }
  }
  if (wrong.empty()) wrong = describe_missing(options);
  if (!wrong.empty()) return finish(std::move(options), usage_error(terminal, wrong, command));
  return {.options = std::move(options)};
}

}  // namespace pintle::app
