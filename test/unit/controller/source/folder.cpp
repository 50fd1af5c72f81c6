#include "test/unit/controller/source/folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace pintle::source::testing {
namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string name = "/tmp/pintle-source-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
  fs::permissions(path_, fs::perms::all & ~(fs::perms::group_write | fs::perms::others_write));
}
TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TempFolder::operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

void TempFolder::write(std::string_view name, std::string_view text) const {
  const fs::path path = *this / name;
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::trunc);
  out << text;
  out.close();
  EXPECT_TRUE(out) << path;
}

void TempFolder::replace(std::string_view name, std::string_view text) const {
  write(".fresh", text);
  rename(".fresh", name);
}

void TempFolder::rename(std::string_view from, std::string_view to) const { fs::rename(*this / from, *this / to); }

void TempFolder::remove(std::string_view name) const { EXPECT_GT(fs::remove_all(*this / name), 0u); }

std::string service(std::string_view name, int port) {
  return fmt::format("---\napiVersion: v1\nkind: Service\nmetadata: {{name: {}}}\nspec: {{ports: [{{port: {}}}]}}\n",
                     name, port);
}

std::string route(std::string_view name, std::string_view path) {
  return fmt::format(
      "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {}}}\nspec:\n  parentRefs: "
      "[{{name: gw}}]\n  rules:\n  - matches: [{{path: {{value: {}}}}}]\n",
      name, path);
}

}  // namespace pintle::source::testing
