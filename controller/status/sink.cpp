#include "controller/status/sink.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "controller/status/status_text.hpp"

namespace pintle::status {
namespace {

namespace fs = std::filesystem;

[[nodiscard]] std::unexpected<Error> cannot_write(const std::string& path, std::string_view why) {
  return make_error(
      ErrorCode::Internal,
      fmt::format("cannot write the status file {}: {}; give a folder that can be written to", path, why));
}

/// A reader sees the old file or the new one, never a part.
[[nodiscard]] Result<void> replace_file(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  if (!(out << text) || !out.flush()) return cannot_write(path, std::strerror(errno));
  out.close();
  if (std::rename(fresh.c_str(), path.c_str()) != 0) {
    const int fault = errno;
    std::remove(fresh.c_str());
    return cannot_write(path, std::strerror(fault));
  }
  return {};
}

/// uid of the object of that key; nullopt when there is none.
[[nodiscard]] std::optional<std::string> find_uid(const store::ClusterSnapshot& snapshot, const api::ObjectKey& key) {
  std::optional<std::string> found;
  api::for_each_status_kind([&]<class Object>() {
    if (Object::kind != key.kind) return;
    if (const auto* object = snapshot.find<Object>(key.ns, key.name)) found = object->metadata.uid;
  });
  return found;
}

/// "httproute"
[[nodiscard]] std::string file_word(api::Kind kind) {
  std::string word(api::to_string(kind));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return word;
}

constexpr std::string_view file_end = ".status.yaml";

/// "httproute_default_shop.status.yaml" to its object; nullopt for a name that write() would not give.
[[nodiscard]] std::optional<api::ObjectKey> key_of_file(std::string_view name) {
  if (!name.ends_with(file_end)) return std::nullopt;
  name.remove_suffix(file_end.size());
  const auto take_word = [&name] {
    const std::size_t end = std::min(name.find('_'), name.size());
    const std::string word(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
    return word;
  };
  const std::string word = take_word();
  std::optional<api::Kind> kind;
  api::for_each_status_kind([&]<class Object>() {
    if (file_word(Object::kind) == word) kind = Object::kind;
  });
  if (!kind) return std::nullopt;
  std::string ns = api::is_cluster_scoped(*kind) ? std::string() : take_word();
  return api::ObjectKey{*kind, std::move(ns), std::string(name)};
}

/// Only what to_yaml() wrote may be removed: its first line is written in a way no person would choose.
[[nodiscard]] bool is_ours(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string line;
  if (!std::getline(in, line)) return false;
  return std::ranges::any_of(std::array{api::Kind::Gateway, api::Kind::XBackendTrafficPolicy}, [&line](api::Kind kind) {
    return line == fmt::format("apiVersion: \"{}\"", api::api_version_of(kind));
  });
}

}  // namespace

FolderStatusSink::FolderStatusSink(std::string directory) : directory_(std::move(directory)) {}

std::string FolderStatusSink::path_of(const api::ObjectKey& key) const {
  // No name of Kubernetes holds an underscore, so no two objects share a file.
  const std::string name = key.ns.empty() ? key.name : key.ns + '_' + key.name;
  return fmt::format("{}/{}_{}{}", directory_, file_word(key.kind), name, file_end);
}

std::vector<Error> FolderStatusSink::write(std::span<const StatusPatch> patches) {
  std::vector<Error> errors;
  if (!directory_.empty() && !patches.empty()) {
    std::error_code ignored;  // a folder that cannot be made shows with each file
    fs::create_directories(directory_, ignored);
  }
  for (const StatusPatch& patch : patches) {
    statuses_->insert_or_assign(patch.key, patch.status);
    unwritten_.erase(patch.key);
    if (directory_.empty()) continue;
    if (auto written = replace_file(path_of(patch.key), to_yaml(patch)); !written)
      errors.push_back(std::move(written.error()));
  }
  return errors;
}

/// Removes the files of objects that do not exist: an earlier run cannot have known that they would go.
void FolderStatusSink::sweep(const store::ClusterSnapshot& snapshot) {
  if (directory_.empty() || std::exchange(swept_, true)) return;
  std::error_code fault;
  for (fs::directory_iterator at(directory_, fault), end; !fault && at != end; at.increment(fault)) {
    const auto key = key_of_file(at->path().filename().string());
    if (key && !find_uid(snapshot, *key) && is_ours(at->path())) std::remove(at->path().c_str());
  }
}

const Statuses& FolderStatusSink::previous(const store::ClusterSnapshot& snapshot) {
  sweep(snapshot);
  api::for_each_status_kind([&]<class Object>() { follow<Object>(snapshot); });
  snapshot_ = snapshot;
  return *statuses_;
}

/// An object made anew starts afresh; one that was written keeps its status, whatever its manifest says.
template <class T>
void FolderStatusSink::follow(const store::ClusterSnapshot& snapshot) {
  StatusPtr last;  // most objects say the same, or nothing yet
  store::for_each_change<T>(snapshot_, snapshot, [&](const T* before, const T* now) {
    const api::ObjectKey key = api::key_of(now != nullptr ? *now : *before);
    if (before != nullptr) {
      const bool written = statuses_->contains(key) && !unwritten_.contains(key);
      if (written && now != nullptr && before->metadata.uid == now->metadata.uid) return;
      if (written && !directory_.empty()) std::remove(path_of(key).c_str());
      statuses_->erase(key);
      unwritten_.erase(key);
    }
    if (now == nullptr) return;
    if (!last || *last != StatusValue(now->status)) last = std::make_shared<const StatusValue>(now->status);
    statuses_->insert_or_assign(statuses_->end(), key, last);  // at the start all come in their order
    unwritten_.insert(unwritten_.end(), key);
  });
}

}  // namespace pintle::status
