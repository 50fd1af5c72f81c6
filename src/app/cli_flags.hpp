// Adds flags to a command of the tree, and parses the values they have in common. Internal to the command line.
#pragma once
#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>

namespace pintle::app {

/// Adds flags of one command with everything a flag of ours has: group, variable, default, type name.
class Flags {
 public:
  explicit Flags(CLI::App& app) : app_(app) {}

  Flags& group(std::string name) {
    group_ = std::move(name);
    return *this;
  }
  template <class T>
  CLI::Option* value(const std::string& name, T& into, const std::string& type, const std::string& text,
                     const std::string& default_text = {}) {
    return dress(app_.add_option(name, into, text)->type_name(type), default_text);
  }
  /// Each occurrence is parsed by `parse`, whose error is the flag's.
  CLI::Option* parsed(const std::string& name, std::function<Result<void>(const std::string&)> parse,
                      const std::string& type, const std::string& text, const std::string& default_text = {}) {
    const std::string long_name = name.substr(name.rfind("--"));
    CLI::Option* option = app_.add_option_function<std::vector<std::string>>(
        name,
        [parse = std::move(parse), long_name](const std::vector<std::string>& values) {
          for (const std::string& given : values)
            if (const auto result = parse(given); !result)
              throw CLI::ValidationError(long_name, result.error().context);
        },
        text);
    return dress(option->type_name(type)
                     ->expected(1)
                     ->allow_extra_args(false)  // the word after the value is no second value
                     ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast),
                 default_text);
  }
  CLI::Option* repeated(const std::string& name, std::function<Result<void>(const std::string&)> parse,
                        const std::string& type, const std::string& text, const std::string& default_text = {}) {
    return parsed(name, std::move(parse), type, text, default_text)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->delimiter(',');
  }
  template <class E>
  CLI::Option* choice(const std::string& name, E& into, const std::map<std::string, E>& words, const std::string& text,
                      const std::string& default_text) {
    const std::vector<std::string> names = names_of(words);
    CLI::Option* option = parsed(
        name,
        [&into, words](const std::string& given) -> Result<void> {
          const auto found = words.find(given);
          if (found == words.end())
            return make_error(ErrorCode::InvalidArgument,
                              fmt::format("'{}' is none of {}", given, fmt::join(names_of(words), ", ")));
          into = found->second;
          return {};
        },
        fmt::format("{}", fmt::join(names, "|")), text, default_text);
    return option;
  }
  template <class E>
  CLI::Option* flag(const std::string& name, E& into, E when_given, const std::string& text) {
    return dress(app_.add_flag_callback(name, [&into, when_given] { into = when_given; }, text), {});
  }

 private:
  template <class E>
  [[nodiscard]] static std::vector<std::string> names_of(const std::map<std::string, E>& words) {
    std::vector<std::string> names;
    names.reserve(words.size());
    for (const auto& [word, meaning] : words) names.push_back(word);
    return names;
  }
  CLI::Option* dress(CLI::Option* option, const std::string& default_text) {
    option->group(group_);
    if (!default_text.empty()) option->default_str(default_text);
    if (!option->get_lnames().empty()) {
      std::string variable = "PINTLE_" + option->get_lnames().front();
      std::ranges::transform(variable, variable.begin(),
                             [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
      option->envname(variable);
    }
    return option;
  }

  CLI::App& app_;
  std::string group_ = "Flags";
};

using ParseValue = std::function<Result<void>(const std::string&)>;
/// IP:PORT, or the word `off` if that is not empty.
[[nodiscard]] ParseValue into_admin(std::string& into, std::string_view off);
[[nodiscard]] ParseValue into_duration(Millis& into);
/// A literal IP or "*", added.
[[nodiscard]] ParseValue into_addresses(std::vector<std::string>& into);
/// Anything, added.
[[nodiscard]] ParseValue into_list(std::vector<std::string>& into);

}  // namespace pintle::app
