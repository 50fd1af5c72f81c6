#include "test/unit/app/docs_text.hpp"

#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

namespace pintle::app::docs {

std::string in_tree(const std::string& name) { return std::string(PINTLE_SOURCE_DIR) + "/" + name; }

std::string read(const std::string& name) {
  std::ifstream in(in_tree(name));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Names find_all(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    std::string name;
    for (std::size_t group = 1; group < at->size(); ++group) name += (group == 1 ? "" : " ") + (*at)[group].str();
    names.insert(name);
  }
  return names;
}

std::string section(const std::string& text, const std::string& heading) {
  const std::size_t from = text.find("\n## " + heading);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find("\n## ", from + 1) - from);
}

void expect_generated(const std::string& name, const std::string& marker, const std::string& wanted) {
  const std::string begin = "<!-- generated: " + marker + " -->\n";
  std::string text = read(name);
  const std::size_t from = text.find(begin);
  ASSERT_NE(from, std::string::npos) << name;
  const std::size_t to = text.find("<!-- end -->", from);
  ASSERT_NE(to, std::string::npos) << name;
  const std::string found = text.substr(from + begin.size(), to - from - begin.size());
  if (std::getenv("PINTLE_UPDATE_DOCS") != nullptr && found != wanted) {
    std::ofstream(in_tree(name)) << text.replace(from + begin.size(), found.size(), wanted);
    return;
  }
  EXPECT_EQ(found, wanted) << name << " is behind; run this test with PINTLE_UPDATE_DOCS=1";
}

}  // namespace pintle::app::docs
