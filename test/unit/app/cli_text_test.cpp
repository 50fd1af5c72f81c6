#include "src/app/cli_text.hpp"

#include <cstdio>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::app {
namespace {

using testing::HasSubstr;

class CliText : public testing::Test {
 protected:
  Options options_;
  std::unique_ptr<CLI::App> tree_ = make_tree(options_);
};

TEST_F(CliText, EveryCommandHasUsageThreeExamplesAndItsFlags) {
  const std::string overview = help_text(*tree_);
  for (const CommandText& text : command_texts()) {
    EXPECT_THAT(overview, HasSubstr(std::string(text.name)));
    const CLI::App& command = *tree_->get_subcommand(std::string(text.name));
    const std::string help = help_text(command, text);
    EXPECT_TRUE(help.starts_with(text.summary));
    EXPECT_THAT(help, HasSubstr("\nUsage: pintle " + std::string(text.name)));
    for (const std::string_view example : text.examples) EXPECT_THAT(help, HasSubstr(std::string(example)));
    for (const FlagText& flag : flags_of(command)) {
      EXPECT_THAT(help, HasSubstr(flag.long_name));
      EXPECT_THAT(help, HasSubstr(flag.description));
      EXPECT_FALSE(flag.description.empty()) << flag.long_name;
      if (flag.group != "Arguments" && flag.group != "Help")
        EXPECT_TRUE(flag.variable.starts_with("PINTLE_")) << flag.long_name;
    }
  }
}

TEST_F(CliText, CompletionAndManNameEveryCommandAndFlag) {
  const std::string man = man_page(*tree_);
  for (const std::string& script : {bash_completion(*tree_), zsh_completion(*tree_), fish_completion(*tree_)})
    for (const CommandText& text : command_texts()) {
      EXPECT_THAT(script, HasSubstr(std::string(text.name)));
      for (const FlagText& flag : flags_of(*tree_->get_subcommand(std::string(text.name))))
        if (flag.group != "Arguments") EXPECT_THAT(script, HasSubstr(flag.long_name.substr(2)));
    }
  EXPECT_TRUE(man.starts_with(".TH PINTLE 1"));
  EXPECT_THAT(man, HasSubstr("\\-\\-port\\-offset"));
}

TEST_F(CliText, BashTakesItsScript) {
  FILE* bash = popen("bash -n", "w");
  ASSERT_NE(bash, nullptr);
  const std::string script = bash_completion(*tree_);
  fwrite(script.data(), 1, script.size(), bash);
  EXPECT_EQ(pclose(bash), 0);
}

}  // namespace
}  // namespace pintle::app
