// The targets as the replay sees them. CMakeLists.txt writes list_targets() from the names of the files.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace pintle::fuzz {

struct Target {
  const char* name;
  const char* more_seeds;  ///< a folder beyond seeds/<name>, absolute; or empty
  const char* more_end;    ///< how the names of its files end
  int (*run)(const std::uint8_t* data, std::size_t size);
};
[[nodiscard]] std::span<const Target> list_targets() noexcept;

}  // namespace pintle::fuzz
