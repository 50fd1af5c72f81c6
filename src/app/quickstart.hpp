// The built-in example: the manifests of examples/quickstart, and how they get into a folder.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/error.hpp>

namespace pintle::app {

struct QuickstartFile {
  std::string_view name;
  std::string_view text;
};
/// In the order of names; equal to examples/quickstart/*.yaml byte for byte.
[[nodiscard]] const std::vector<QuickstartFile>& quickstart_files();

/// Writes the files that are not there; what is there stays as it was edited.
[[nodiscard]] Result<void> write_quickstart(const std::string& folder);

}  // namespace pintle::app
