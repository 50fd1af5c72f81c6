// Documents that restate what the program knows must say the same. PINTLE_UPDATE_DOCS=1 writes the generated parts
// anew.
#include <gtest/gtest.h>

#include <pintle/base/reason.hpp>

#include "src/app/cli_text.hpp"
#include "src/app/finding_table.hpp"
#include "test/unit/app/docs_text.hpp"

namespace pintle::app {
namespace {

using docs::expect_generated;
using docs::read;

std::string fix_line(const api::FindingDoc& doc) {
  const CrossFindingDoc& row = find_cross_finding(doc.id);
  const std::string_view fix = row.doc.id == doc.id ? row.fix : doc.fix;
  return fix.empty() ? std::string() : "\nFix: " + std::string(fix) + ".\n";
}

TEST(Docs, CommandLine) {
  Options options;
  const std::unique_ptr<CLI::App> tree = make_tree(options);
  std::string wanted;
  for (const CommandText& text : command_texts())
    wanted += "### " + std::string(text.name) + "\n\n```\n" +
              help_text(*tree->get_subcommand(std::string(text.name)), text) + "```\n\n";
  expect_generated("docs/cli.md", "commands", wanted);
}

TEST(Docs, Findings) {
  std::string wanted;
  for (const api::FindingDoc& doc : all_finding_docs())
    wanted += "\n## " + std::string(doc.id) + "\n\n**" + std::string(doc.title) + "** (" +
              std::string(api::to_string(doc.severity)) + "). " + std::string(doc.meaning) + "\n" + fix_line(doc);
  expect_generated("docs/findings.md", "findings", wanted + "\n");
}

TEST(Docs, EveryReasonHasItsSection) {
  const std::string text = read("docs/reasons.md");
  std::size_t last = 0;
  for (std::size_t i = 0; i < reason_count; ++i) {
    const std::string heading = "\n## " + std::string(to_string(static_cast<Reason>(i))) + "\n";
    const std::size_t at = text.find(heading);
    ASSERT_NE(at, std::string::npos) << heading;
    EXPECT_GT(at, last) << "in the order of the list";
    last = at;
  }
}

}  // namespace
}  // namespace pintle::app
