#pragma once
// Which Pintle this is. The values are written by the build (cmake/WriteVersion.cmake) into the library
// pintle_version, so that a new commit recompiles one file. Any thread.

#include <string_view>

namespace pintle {

/// "major.minor.patch", as project() in CMakeLists.txt says.
[[nodiscard]] std::string_view version() noexcept;

/// The first 12 digits of the commit built from; empty when built outside a git checkout.
[[nodiscard]] std::string_view git_commit() noexcept;

}  // namespace pintle
