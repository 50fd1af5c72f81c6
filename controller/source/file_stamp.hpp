// What the file system says of a file without reading it. Any thread.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace pintle::source {

/// Tells one state of a file from another: device, inode, size, times of content and inode.
using FileStamp = std::array<std::int64_t, 7>;

/// Of what a link leads to; nullopt when there is nothing.
[[nodiscard]] std::optional<FileStamp> stamp_of(const std::string& path);
/// Written within the last second: file systems tell times coarsely, and the same stamp may come to mean other bytes.
[[nodiscard]] bool is_fresh(const FileStamp& stamp);

/// A file that appeared whole: a link to one that was written elsewhere. Any other is empty yet, and the end of its
/// writing is an event of its own.
[[nodiscard]] bool appeared_whole(const std::string& path);
[[nodiscard]] bool is_link(const std::string& path);

}  // namespace pintle::source
