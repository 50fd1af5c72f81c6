#include "controller/source/catalog.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace pintle::source {
namespace {

/// The objects a file's findings refuse. One that cannot be told by name may be any of the file.
class Refusals {
 public:
  explicit Refusals(const std::vector<api::Finding>& findings) {
    for (const api::Finding& finding : findings) {
      if (finding.severity != api::Severity::Error) continue;
      if (is_full_name(finding.object))
        names_.insert(finding.object);
      else
        somebody_ = true;
    }
  }
  [[nodiscard]] bool concern(const api::ObjectKey& key) const {
    return somebody_ || names_.contains(api::to_string(key));
  }

 private:
  /// "HTTPRoute default/shop" or "GatewayClass pintle", not "HTTPRoute shop", whose namespace could not be read.
  [[nodiscard]] static bool is_full_name(std::string_view object) {
    return object.find('/') != std::string_view::npos || object.starts_with("GatewayClass ") ||
           object.starts_with("Namespace ");
  }
  std::set<std::string> names_;
  bool somebody_ = false;
};

/// It stands where the first error that refuses the object does.
[[nodiscard]] api::Finding kept(const LoadedFile& loaded, std::string object, std::string message) {
  const auto refuses = [&](const api::Finding& one) {
    return one.severity == api::Severity::Error && (object.empty() || one.object == object);
  };
  auto cause = std::ranges::find_if(loaded.findings, refuses);
  if (cause == loaded.findings.end())
    cause = std::ranges::find(loaded.findings, api::Severity::Error, &api::Finding::severity);
  api::Finding finding;
  finding.id = "GW0502";
  finding.severity = api::Severity::Warning;
  if (cause != loaded.findings.end()) {
    finding.file = cause->file;
    finding.line = cause->line;
    finding.column = cause->column;
  }
  finding.object = std::move(object);
  finding.message = std::move(message);
  finding.fix = "correct what the other findings of the file name";
  return finding;
}

/// A copy of an object that has a generation to count; any other as it is. (A Secret is never copied.)
[[nodiscard]] api::AnyObject copy_if_counted(const api::AnyObject& object) {
  return std::visit(
      [](const auto& held) -> api::AnyObject {
        using Held = std::remove_cvref_t<decltype(*held)>;
        if constexpr (requires { held->spec; })
          return api::Ptr<Held>(std::make_shared<Held>(*held));
        else
          return held;
      },
      object);
}

}  // namespace

void Catalog::set(const std::string& path, LoadedFile loaded) {
  const auto [at, is_new] = files_.try_emplace(path);
  File& file = at->second;
  undefine(path, file);
  if (loaded.whole) {
    for (api::AnyObject& object : loaded.objects) parts_.share(object);
    const Refusals refused(loaded.findings);
    std::set<api::ObjectKey> sound;
    for (const api::AnyObject& object : loaded.objects) sound.insert(api::key_of(object));
    for (api::AnyObject& before : file.objects) {
      const api::ObjectKey key = api::key_of(before);
      if (sound.contains(key) || !refused.concern(key)) continue;
      loaded.findings.push_back(kept(loaded, api::to_string(key), "its last good version stays in force"));
      loaded.objects.push_back(std::move(before));
    }
    file.objects = std::move(loaded.objects);
    file.objects.shrink_to_fit();
  } else if (!file.objects.empty()) {
    loaded.findings.push_back(kept(loaded, {},
                                   fmt::format("the last good version of the file stays in force, with its {} object{}",
                                               file.objects.size(), file.objects.size() == 1 ? "" : "s")));
  }
  file.findings = std::move(loaded.findings);
  file.standing = Standing::Present;
  define(at->first, file);
}

void Catalog::set_leaving(const std::string& path) { move_to(path, Standing::Leaving); }
void Catalog::set_present(const std::string& path) { move_to(path, Standing::Present); }

void Catalog::move_to(const std::string& path, Standing standing) {
  const auto at = files_.find(path);
  if (at == files_.end() || at->second.standing == standing) return;
  undefine(path, at->second);
  at->second.standing = standing;
  define(at->first, at->second);
}

void Catalog::remove(const std::string& path) {
  const auto at = files_.find(path);
  if (at == files_.end()) return;
  undefine(path, at->second);
  files_.erase(at);
}

void Catalog::define(const std::string& path, const File& file) {
  for (const api::AnyObject& object : file.objects) {
    const api::ObjectKey key = api::key_of(object);
    std::vector<Definition>& list = entries_[key].definitions;
    const auto place = std::ranges::find_if(list, [&](const Definition& other) {
      return std::tie(file.standing, path) < std::tie(other.standing, *other.path);
    });
    list.insert(place, {file.standing, &path, object});
    note(key);
  }
}

void Catalog::undefine(const std::string& path, const File& file) {
  for (const api::AnyObject& object : file.objects) {
    const api::ObjectKey key = api::key_of(object);
    const auto at = entries_.find(key);
    if (at == entries_.end()) continue;
    std::erase_if(at->second.definitions, [&path](const Definition& one) { return *one.path == path; });
    note(key);
  }
}

void Catalog::note(const api::ObjectKey& key) {
  touched_.insert(key);
  const auto at = entries_.find(key);
  if (at != entries_.end() && at->second.definitions.size() > 1)
    repeated_.insert(key);
  else
    repeated_.erase(key);
}

bool Catalog::give_identity(const api::ObjectKey& key, api::AnyObject& object,
                            const std::optional<api::AnyObject>& known) const {
  const std::string own_uid = fmt::format("{} #", api::to_string(key));
  if (api::metadata_of(object).uid.starts_with(own_uid)) {
    // It was handed out before, and whoever holds it holds it unchanging.
    api::AnyObject copy = copy_if_counted(object);
    if (copy == object) return !known || !api::same_content(object, *known);
    object = std::move(copy);
  }
  // A manifest taken from a cluster carries its generation, and statuses that refer to it: never fall behind it.
  const std::int64_t written = api::metadata_of(object).generation;
  if (!known) {
    const auto lives = lives_.find(key);
    const std::uint32_t life = lives == lives_.end() ? 1 : lives->second + 1;
    api::set_identity(object, std::max<std::int64_t>(written, 1), fmt::format("{}{}", own_uid, life));
    return true;
  }
  const api::ObjectMeta& before = api::metadata_of(*known);
  api::set_identity(object, before.generation, before.uid);
  if (api::same_content(object, *known)) return false;
  if (!api::same_spec(object, *known)) api::set_identity(object, std::max(before.generation + 1, written), before.uid);
  return true;
}

std::vector<Change> Catalog::take_changes() {
  std::vector<Change> changes;
  for (const api::ObjectKey& key : std::exchange(touched_, {})) {
    const auto at = entries_.find(key);
    if (at == entries_.end()) continue;
    auto& [definitions, handed_out] = at->second;
    if (!definitions.empty()) {
      api::AnyObject& object = definitions.front().object;
      if (handed_out == object || !give_identity(key, object, handed_out)) continue;
      handed_out = object;
      changes.emplace_back(Upsert{object});
      continue;
    }
    if (handed_out) {
      ++lives_[key];
      changes.emplace_back(Remove{key});
    }
    entries_.erase(at);
  }
  return changes;
}

std::vector<api::Finding> Catalog::findings() const {
  std::vector<api::Finding> all;
  for (const auto& [path, file] : files_) std::ranges::copy(file.findings, std::back_inserter(all));
  for (const api::ObjectKey& key : repeated_) {
    const std::vector<Definition>& list = entries_.at(key).definitions;
    for (std::size_t other = 1; other < list.size(); ++other)
      if (list[other].standing == Standing::Present)
        all.push_back(written_twice(list[other].object, api::metadata_of(list.front().object).location));
  }
  return all;
}

}  // namespace pintle::source
