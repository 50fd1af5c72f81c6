#include "src/app/cli_text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace pintle::app {
namespace {

[[nodiscard]] std::string flag_column(const FlagText& flag) {
  std::string column = flag.group == "Arguments" ? "  "
                       : flag.short_name.empty() ? "      "
                                                 : "  " + flag.short_name + ", ";
  column += flag.long_name;
  if (!flag.value.empty()) column += " " + flag.value;
  return column;
}

void append_flags(std::string& out, const CLI::App& command) {
  const std::vector<FlagText> flags = flags_of(command);
  std::vector<std::string> groups;
  std::size_t widest = 0;
  for (const FlagText& flag : flags) {
    if (std::ranges::find(groups, flag.group) == groups.end()) groups.push_back(flag.group);
    widest = std::max(widest, std::min<std::size_t>(flag_column(flag).size(), 32));
  }
  for (const std::string& group : groups) {
    out += fmt::format("\n{}:\n", group);
    for (const FlagText& flag : flags) {
      if (flag.group != group) continue;
      const std::string column = flag_column(flag);
      out += column;
      if (column.size() > widest)
        out += "\n" + std::string(widest, ' ');
      else
        out += std::string(widest - column.size(), ' ');
      out += "  " + flag.description;
      if (!flag.default_text.empty()) out += fmt::format(" [{}]", flag.default_text);
      out += "\n";
    }
  }
}

}  // namespace

std::string help_text(const CLI::App& tree) {
  std::string out = tree.get_description() + "\n\nUsage: pintle COMMAND [flags]\n\nExamples:\n";
  for (const std::string_view example : {"pintle demo", "pintle serve --config manifests/",
                                         "pintle explain http://shop.localhost:8080/cart --config manifests/"})
    out += fmt::format("  {}\n", example);
  out += "\nCommands:\n";
  for (const CommandText& text : command_texts()) out += fmt::format("  {:<12}{}\n", text.name, text.summary);
  append_flags(out, tree);
  out +=
      "\nEvery flag of a command is also an environment variable: --port-offset is PINTLE_PORT_OFFSET.\n"
      "Exit codes: 0 fine, 1 failed, 2 usage, 3 findings, 4 not served, 5 unreachable, 78 configuration unusable.\n"
      "`pintle help COMMAND` describes a command.\n";
  return out;
}

std::string help_text(const CLI::App& command, const CommandText& text) {
  std::string out = fmt::format("{}\n\nUsage: pintle {}{}{}\n\nExamples:\n", text.summary, text.name,
                                text.usage.empty() ? "" : " ", text.usage);
  for (const std::string_view example : text.examples) out += fmt::format("  {}\n", example);
  append_flags(out, command);
  return out;
}

}  // namespace pintle::app
