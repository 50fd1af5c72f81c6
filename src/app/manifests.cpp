#include "src/app/manifests.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "controller/api/read.hpp"
#include "controller/source/manifest_files.hpp"

namespace pintle::app {

Manifests load_manifests(const std::vector<std::string>& paths) {
  source::Listing listing = source::list_manifests(paths);
  Manifests out{.objects = {}, .findings = std::move(listing.findings), .files = listing.files.size()};
  std::map<api::ObjectKey, api::SourceLocation> seen;
  for (const std::string& path : listing.files) {
    const Result<std::string> bytes = source::read_file(path);
    source::LoadedFile loaded = bytes ? source::load_manifest(path, *bytes) : source::not_loaded(path, bytes.error());
    std::ranges::move(loaded.findings, std::back_inserter(out.findings));
    for (api::AnyObject& object : loaded.objects) {
      const auto [first, added] = seen.try_emplace(api::key_of(object), api::metadata_of(object).location);
      if (added)
        out.objects.push_back(std::move(object));
      else
        out.findings.push_back(source::written_twice(object, first->second));
    }
  }
  source::sort_findings(out.findings);
  return out;
}

api::Position locate(const api::SourceLocation& object, std::string_view field_path) {
  const api::Position own{object.line, object.column};
  if (!object.file || field_path.empty()) return own;
  const Result<std::string> text = source::read_file(*object.file);
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
