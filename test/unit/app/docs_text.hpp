// Files of the source tree as text, for tests that hold documents to what the program knows.
#pragma once
#include <set>
#include <string>

namespace pintle::app::docs {

using Names = std::set<std::string>;

[[nodiscard]] std::string in_tree(const std::string& name);
/// Of a file that is not there: nothing.
[[nodiscard]] std::string read(const std::string& name);
/// What the groups of each match say, joined by a space.
[[nodiscard]] Names find_all(const std::string& text, const std::string& pattern);
/// The section that begins with `heading`, up to the next of its level.
[[nodiscard]] std::string section(const std::string& text, const std::string& heading);
/// Compares what stands between the marker and the end mark; with PINTLE_UPDATE_DOCS=1 writes it anew.
void expect_generated(const std::string& name, const std::string& marker, const std::string& wanted);

}  // namespace pintle::app::docs
