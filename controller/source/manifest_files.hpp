// Which files are manifests, what they say, and how that is told when it cannot be read: the part of reading a folder
// that `serve` and the commands that judge without serving share. Does I/O; keeps nothing; any thread.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/error.hpp>

#include "controller/api/any_object.hpp"
#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"

namespace pintle::source {

/// *.yaml, *.yml, *.json; but not what begins with a dot or ends with "~" (editors' own files), nor "*.status.yaml"
/// (statuses may be written beside the manifests).
[[nodiscard]] bool is_manifest_name(std::string_view name);
/// Hidden or an editor's copy: left out with all below it.
[[nodiscard]] bool is_left_out(std::string_view name);

struct Listing {
  std::vector<std::string> files;       ///< sorted, each once
  std::vector<std::string> unreadable;  ///< roots that are not there, folders that cannot be read
  std::vector<api::Finding> findings;   ///< GW0107 for each of these
};
/// Roots are folders, read with all below them (a link to a folder is followed only as a root), or single files of any
/// name. `on_folder` is called with each folder before it is read, so that nothing is missed by one who watches it.
[[nodiscard]] Listing list_manifests(const std::vector<std::string>& roots,
                                     const std::function<void(const std::string&)>& on_folder = {});

/// The whole file. TooLarge above the limit of the readers; never blocks on a pipe.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t limit = api::ReadLimits{}.bytes);

struct LoadedFile {
  bool whole = false;                   ///< it could be read and parsed; otherwise there are no objects
  std::vector<api::AnyObject> objects;  ///< each key once, in the order written
  std::vector<api::Finding> findings;
};
/// Strict decoding; an object that is refused is left out and has a finding.
[[nodiscard]] LoadedFile load_manifest(const std::string& path, std::string_view bytes);
/// Of a file that read_file refused.
[[nodiscard]] LoadedFile not_loaded(const std::string& path, const Error& error);

/// GW0501: `repeated` is written already at `first`, which counts.
[[nodiscard]] api::Finding written_twice(const api::AnyObject& repeated, const api::SourceLocation& first);
/// By file, line, column, id, message: the order findings are shown in.
void sort_findings(std::vector<api::Finding>& findings);

}  // namespace pintle::source
