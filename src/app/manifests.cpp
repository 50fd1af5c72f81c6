#include "src/app/manifests.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <system_error>
#include <tuple>

#include <fmt/format.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::app {
namespace {

namespace fs = std::filesystem;

[[nodiscard]] bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

[[nodiscard]] api::Finding unreadable(std::string file, std::string message) {
  api::Finding finding;
  finding.id = "GW0107";
  finding.file = std::move(file);
  finding.message = std::move(message);
  finding.fix = "give an existing file or folder of .yaml, .yml or .json files";
  return finding;
}

void collect(const std::string& path, std::vector<std::string>& files, std::vector<api::Finding>& findings) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (!fs::exists(status)) {
    findings.push_back(unreadable(path, "there is no such file or folder"));
    return;
  }
  if (!fs::is_directory(status)) {
    files.push_back(path);
    return;
  }
  for (auto at = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, fault);
       !fault && at != fs::recursive_directory_iterator(); at.increment(fault)) {
    const fs::path& found = at->path();
    if (found.filename().string().starts_with('.')) {
      if (at->is_directory(fault)) at.disable_recursion_pending();
      continue;
    }
    if (at->is_regular_file(fault) && is_manifest(found)) files.push_back(found.string());
  }
  if (fault) findings.push_back(unreadable(path, fault.message()));
}

[[nodiscard]] std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    std::error_code ignored;
    if (in && fs::file_size(path, ignored) == 0) return std::string();
    return std::nullopt;
  }
  return std::move(text).str();
}

class Loader {
 public:
  explicit Loader(Manifests& out) : out_(out) {}

  void load(const std::string& path) {
    const std::optional<std::string> text = read_file(path);
    ++out_.files;
    if (!text) {
      out_.findings.push_back(unreadable(path, "the file cannot be read"));
      return;
    }
    std::vector<api::AnyObject> objects;
    std::vector<api::Document> documents;
    const auto name = std::make_shared<const std::string>(path);
    const bool whole = api::read_manifest(
        {.bytes = *text, .file = name}, [&](api::Document&& made) { documents.push_back(std::move(made)); },
        out_.findings);
    if (!whole) return;  // a file with a fault of its syntax counts for nothing
    for (const api::Document& document : documents) api::decode_document(document, {}, objects, out_.findings);
    for (api::AnyObject& object : objects) add(std::move(object));
  }

 private:
  void add(api::AnyObject&& object) {
    const api::ObjectKey key = api::key_of(object);
    const auto [known, added] = seen_.try_emplace(key, api::metadata_of(object).location);
    if (added) {
      out_.objects.push_back(std::move(object));
      return;
    }
    const api::SourceLocation& place = api::metadata_of(object).location;
    api::Finding finding;
    finding.id = "GW0501";
    finding.severity = api::Severity::Warning;
    finding.file = std::string(place.path());
    finding.line = place.line;
    finding.column = place.column;
    finding.object = api::to_string(key);
    finding.message =
        fmt::format("is written already at {}:{}, which counts", known->second.path(), known->second.line);
    finding.fix = "remove one of the two";
    out_.findings.push_back(std::move(finding));
  }
  Manifests& out_;
  std::map<api::ObjectKey, api::SourceLocation> seen_;
};

}  // namespace

Manifests load_manifests(const std::vector<std::string>& paths) {
  Manifests out;
  std::vector<std::string> files;
  for (const std::string& path : paths) collect(path, files, out.findings);
  std::ranges::sort(files);
  const auto repeated = std::ranges::unique(files);
  files.erase(repeated.begin(), repeated.end());
  Loader loader(out);
  for (const std::string& file : files) loader.load(file);
  std::ranges::sort(out.findings, {},
                    [](const api::Finding& f) { return std::tie(f.file, f.line, f.column, f.id, f.message); });
  return out;
}

api::Position locate(const api::SourceLocation& object, std::string_view field_path) {
  const api::Position own{object.line, object.column};
  if (!object.file || field_path.empty()) return own;
  const std::optional<std::string> text = read_file(*object.file);
  if (!text) return own;
  api::Position found = own;
  std::vector<api::Finding> ignored;
  (void)api::read_manifest(
      {.bytes = *text, .file = object.file},
      [&](api::Document&& document) {
        if (document.index != object.document) return;
        const api::Value* root = &document.root;
        if (object.item != api::SourceLocation::no_item) {
          const api::Member* items = root->find("items");
          if (items == nullptr || object.item >= items->value.items.size()) return;
          root = &items->value.items[object.item];
        }
        found = api::find_position(*root, field_path);
      },
      ignored);
  return found.line == 0 ? own : found;
}

}  // namespace pintle::app
