#include <string>

#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "src/app/cli_text.hpp"

namespace pintle::app {
namespace {

[[nodiscard]] bool takes_path(const FlagText& flag) {
  return flag.value == "DIR" || flag.value.ends_with("FILE") || flag.long_name == "PATH";
}

/// For the inside of single quotes in a shell.
[[nodiscard]] std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

[[nodiscard]] std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\'')
      out += "\\(aq";
    else
      out += c;
  }
  if (out.starts_with('.')) out.insert(0, "\\&");
  return out;
}

[[nodiscard]] std::string command_names() {
  std::string names;
  for (const CommandText& text : command_texts()) names += fmt::format("{}{}", names.empty() ? "" : " ", text.name);
  return names;
}

[[nodiscard]] std::string flag_names(const CLI::App& command) {
  std::string names;
  for (const FlagText& flag : flags_of(command)) {
    if (flag.group == "Arguments") continue;
    if (!flag.short_name.empty()) names += flag.short_name + " ";
    names += flag.long_name + " ";
  }
  if (!names.empty()) names.pop_back();
  return names;
}

/// What may follow a command that takes one of a few words.
[[nodiscard]] std::string argument_words(const CommandText& text) {
  if (text.command == Command::Completion) return "bash zsh fish";
  return text.command == Command::Help ? command_names() : std::string();
}

}  // namespace

std::string bash_completion(const CLI::App& tree) {
  std::string out =
      "# bash completion of pintle; load with: source <(pintle completion bash)\n"
      "_pintle() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
  out += fmt::format("    COMPREPLY=($(compgen -W {} -- \"$word\"))\n    return\n  fi\n",
                     shell_quoted(command_names() + " " + flag_names(tree)));
  out += "  case \"$command $before\" in\n";
  for (const CommandText& text : command_texts())
    for (const FlagText& flag : flags_of(*tree.get_subcommand(std::string(text.name)))) {
      if (flag.value.empty()) continue;
      const std::string pattern =
          fmt::format("'{} {}'{}", text.name, flag.long_name,
                      flag.short_name.empty() ? std::string() : fmt::format("|'{} {}'", text.name, flag.short_name));
      if (!flag.choices.empty())
        out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$word\")); return ;;\n", pattern,
                           fmt::join(flag.choices, " "));
      else if (takes_path(flag))
        out += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n", pattern);
      else
        out += fmt::format("    {}) return ;;\n", pattern);
    }
  out += "  esac\n  case \"$command\" in\n";
  for (const CommandText& text : command_texts()) {
    const CLI::App& command = *tree.get_subcommand(std::string(text.name));
    const std::string words = argument_words(text);
    out += fmt::format("    {}) COMPREPLY=($(compgen {}-W {} -- \"$word\")) ;;\n", text.name,
                       text.command == Command::Validate ? "-f " : "",
                       shell_quoted(words.empty() ? flag_names(command) : words + " " + flag_names(command)));
  }
  return out + "  esac\n}\ncomplete -o filenames -F _pintle pintle\n";
}

std::string zsh_completion(const CLI::App& tree) {
  const auto described = [](std::string_view name, std::string_view text) {
    std::string out;
    for (const char c : name) out += c == ':' ? std::string("\\:") : std::string(1, c);
    return shell_quoted(fmt::format("{}:{}", out, text));
  };
  std::string out =
      "#compdef pintle\n# zsh completion of pintle; save as _pintle in a folder of $fpath\n_pintle() {\n"
      "  if (( CURRENT == 2 )); then\n    local -a commands=(\n";
  for (const CommandText& text : command_texts()) out += fmt::format("      {}\n", described(text.name, text.summary));
  out +=
      "    )\n    _describe command commands\n    return\n  fi\n  local command=${words[2]}\n"
      "  shift words; (( CURRENT-- ))\n  case \"$command\" in\n";
  for (const CommandText& text : command_texts()) {
    out += fmt::format("    {})\n      _arguments", text.name);
    for (const FlagText& flag : flags_of(*tree.get_subcommand(std::string(text.name)))) {
      if (flag.group == "Arguments") continue;
      std::string help;
      for (const char c : flag.description) help += c == '[' || c == ']' || c == ':' ? ' ' : c;
      std::string action;
      if (!flag.value.empty()) {
        action = ":value:";
        if (!flag.choices.empty())
          action += fmt::format("({})", fmt::join(flag.choices, " "));
        else if (takes_path(flag))
          action += "_files";
      }
      if (!flag.short_name.empty())
        out += fmt::format(" \\\n        {}", shell_quoted(fmt::format("{}[{}]{}", flag.short_name, help, action)));
      out += fmt::format(" \\\n        {}", shell_quoted(fmt::format("*{}[{}]{}", flag.long_name, help, action)));
    }
    if (text.command == Command::Validate) out += " \\\n        '*:path:_files'";
    if (const std::string words = argument_words(text); !words.empty())
      out += fmt::format(" \\\n        {}", shell_quoted(fmt::format("1:word:({})", words)));
    out += "\n      ;;\n";
  }
  return out + "  esac\n}\ncompdef _pintle pintle 2>/dev/null || _pintle \"$@\"\n";
}

std::string fish_completion(const CLI::App& tree) {
  std::string out = "# fish completion of pintle\ncomplete -c pintle -f\n";
  for (const CommandText& text : command_texts()) {
    out +=
        fmt::format("complete -c pintle -n __fish_use_subcommand -a {} -d {}\n", text.name, shell_quoted(text.summary));
    const std::string condition = fmt::format("-n '__fish_seen_subcommand_from {}'", text.name);
    for (const FlagText& flag : flags_of(*tree.get_subcommand(std::string(text.name)))) {
      if (flag.group == "Arguments") {
        if (flag.long_name == "PATH") out += fmt::format("complete -c pintle {} -F\n", condition);
        continue;
      }
      out += fmt::format("complete -c pintle {} -l {}", condition, flag.long_name.substr(2));
      if (!flag.short_name.empty()) out += " -s " + flag.short_name.substr(1);
      if (!flag.choices.empty())
        out += fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
      else if (takes_path(flag))
        out += " -r -F";
      else if (!flag.value.empty())
        out += " -x";
      out += fmt::format(" -d {}\n", shell_quoted(flag.description));
    }
    if (const std::string words = argument_words(text); !words.empty())
      out += fmt::format("complete -c pintle {} -a '{}'\n", condition, words);
  }
  return out;
}

std::string man_page(const CLI::App& tree) {
  std::string out = fmt::format(".TH PINTLE 1 \"\" \"pintle {}\" \"User Commands\"\n.SH NAME\npintle \\- {}\n",
                                version(), roff(tree.get_description()));
  out += ".SH SYNOPSIS\n.B pintle\n.I COMMAND\n[flags]\n.SH COMMANDS\n";
  for (const CommandText& text : command_texts()) {
    out += fmt::format(".SS \"pintle {} {}\"\n{}.\n", text.name, roff(text.usage), roff(text.summary));
    std::string group;
    for (const FlagText& flag : flags_of(*tree.get_subcommand(std::string(text.name)))) {
      if (flag.group != group && flag.group != "Arguments") out += fmt::format(".PP\n{}:\n", roff(flag.group));
      group = flag.group;
      out += fmt::format(".TP\n.B {}{}{}\n", flag.short_name.empty() ? "" : roff(flag.short_name) + ", ",
                         roff(flag.long_name), flag.value.empty() ? std::string() : " " + roff(flag.value));
      out += roff(flag.description);
      if (!flag.default_text.empty()) out += fmt::format(". Default: {}", roff(flag.default_text));
      out += "\n";
    }
    out += ".PP\nExamples:\n.nf\n";
    for (const std::string_view example : text.examples) out += fmt::format("    {}\n", roff(example));
    out += ".fi\n";
  }
  out += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] :
       std::initializer_list<std::pair<int, std::string_view>>{{0, "fine"},
                                                               {1, "failed"},
                                                               {2, "usage"},
                                                               {3, "findings at or over --fail-on"},
                                                               {4, "explain: the request would not be served"},
                                                               {5, "the instance does not answer"},
                                                               {78, "configuration unusable at start"}})
    out += fmt::format(".TP\n.B {}\n{}\n", code, roff(meaning));
  out +=
      ".SH ENVIRONMENT\nEvery flag of a command is also a variable: \\-\\-port\\-offset is\n.BR PINTLE_PORT_OFFSET .\n"
      ".B NO_COLOR\nturns colour off.\n.SH SIGNALS\nTERM and INT drain; a second INT ends at once.\n";
  return out;
}

}  // namespace pintle::app
