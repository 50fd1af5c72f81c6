// Manifests read once, for the commands that judge them without serving: files and folders to objects and findings,
// with the place of every field at hand. Strict decoding, as `serve` does it. One thread; does I/O.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"

namespace pintle::app {

struct Manifests {
  std::vector<api::AnyObject> objects;  ///< each key once: the first by path, then by order in the file
  std::vector<api::Finding> findings;   ///< of reading, decoding and duplicates; by file, line, column
  std::size_t files = 0;
};

/// The files that `serve` would read (source/manifest_files.hpp). A path that is not there is a finding (GW0107).
[[nodiscard]] Manifests load_manifests(const std::vector<std::string>& paths);

/// Where a field of an object was written; the object's own place if that cannot be told any more. Reads the file
/// again.
[[nodiscard]] api::Position locate(const api::SourceLocation& object, std::string_view field_path);

}  // namespace pintle::app
