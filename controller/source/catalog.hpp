// What the files of a folder say together, and what of it is new: the pure half of the folder source.
//   files:    path -> the objects that count of it (its last good ones where it is broken now), its findings
//   entries:  key  -> the files that define it, and the object as it was handed out, with the identity an API server
//                     would have given to it
//  - guarantees: of a key written in several files the first by path counts, one of a leaving file only if no other has
//    it; an object that differs only in its place is no change; metadata.generation grows with the spec, metadata.uid
//    changes when an object was gone in between.
//  - leaves to others: reading (manifest_files), when to look (folder_source).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/api/shared_parts.hpp"
#include "controller/source/manifest_files.hpp"
#include "controller/source/source.hpp"

namespace pintle::source {

class Catalog {
 public:
  /// What a file says now. One that is not whole keeps all its last good objects, an object that is refused its own.
  void set(const std::string& path, LoadedFile loaded);
  /// The file is not there, which may be a moment of a rename.
  void set_leaving(const std::string& path);
  /// It is there again.
  void set_present(const std::string& path);
  void remove(const std::string& path);

  /// Since the last call, sorted by key.
  [[nodiscard]] std::vector<Change> take_changes();
  /// All that hold now, unsorted.
  [[nodiscard]] std::vector<api::Finding> findings() const;

 private:
  enum class Standing : std::uint8_t { Present, Leaving };
  struct File {
    std::vector<api::AnyObject> objects;
    std::vector<api::Finding> findings;
    Standing standing = Standing::Present;
  };
  struct Definition {
    Standing standing = Standing::Present;
    const std::string* path = nullptr;  ///< a key of files_
    api::AnyObject object;
  };
  struct Entry {
    std::vector<Definition> definitions;  ///< the one that counts first; seldom more than one
    std::optional<api::AnyObject> handed_out;
  };

  /// `path`: as files_ has it.
  void define(const std::string& path, const File& file);
  void undefine(const std::string& path, const File& file);
  void move_to(const std::string& path, Standing standing);
  void note(const api::ObjectKey& key);
  /// Sets uid and generation; false where the object then equals what was handed out.
  [[nodiscard]] bool give_identity(const api::ObjectKey& key, api::AnyObject& object,
                                   const std::optional<api::AnyObject>& known) const;

  api::SharedParts parts_;
  std::map<std::string, File> files_;
  std::map<api::ObjectKey, Entry> entries_;
  std::set<api::ObjectKey> repeated_;  ///< those with more than one definition
  std::set<api::ObjectKey> touched_;
  std::map<api::ObjectKey, std::uint32_t> lives_;  ///< of keys that have been gone: how often
};

}  // namespace pintle::source
