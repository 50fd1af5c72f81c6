// The last good world of a cluster on disk, so that a restart while the API server is away still serves (req 71).
//
//   one line an event:   CRC32 '+' Kind/namespace/name JSON      the object as the API server gave it
//                        CRC32 '-' Kind/namespace/name           it is gone
//                        CRC32 '='                               every kind has had its first complete list
//
//  - guarantees: a line that is cut or altered is left out and ends the reading, so what is read was once true; the
//  file
//    is readable by its owner alone and grows to at most twice its live content plus a little, then it is rewritten
//    beside itself and renamed; nothing is kept in memory but where each object stands.
//  - leaves to others: which objects may be written where: keys belong on a memory-backed path (the caller has one
//  journal
//    for Secrets and one for the rest).
//  - threads: the control thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/error.hpp>

#include "controller/api/object.hpp"

namespace pintle::source {

class ObjectJournal {
 public:
  /// Makes the file if it is not there; a torn end is cut off. The directory must exist.
  [[nodiscard]] static Result<ObjectJournal> open(std::string path);
  ~ObjectJournal();
  ObjectJournal(ObjectJournal&& other) noexcept;
  ObjectJournal& operator=(ObjectJournal&&) = delete;

  struct Kept {
    api::ObjectKey key;
    std::string json;
  };
  /// The objects that are there, by their written key; empty unless the world they belong to was once whole.
  [[nodiscard]] Result<std::vector<Kept>> read() const;

  [[nodiscard]] std::vector<api::ObjectKey> keys() const;

  /// Line ends between tokens of `json` become blanks. An Error says that the file could not be written; the journal
  /// then stays as it was.
  [[nodiscard]] Result<void> put(const api::ObjectKey& key, std::string_view json);
  [[nodiscard]] Result<void> remove(const api::ObjectKey& key);
  /// Once per run, after the first complete lists.
  [[nodiscard]] Result<void> mark_whole();

  [[nodiscard]] std::uint64_t bytes() const noexcept { return end_; }

 private:
  struct Place {
    std::uint64_t offset = 0;  ///< of the line
    std::uint32_t length = 0;  ///< with its line end
  };
  ObjectJournal(std::string path, int file) : path_(std::move(path)), file_(file) {}
  [[nodiscard]] Result<void> scan();
  [[nodiscard]] Result<Place> append(char mark, std::string_view rest);
  [[nodiscard]] Result<void> rewrite_if_worth();
  [[nodiscard]] Result<std::string> line_at(Place place) const;

  std::string path_;
  int file_ = -1;
  std::uint64_t end_ = 0;
  std::uint64_t live_ = 0;  ///< bytes of the lines that count
  bool whole_ = false;
  std::map<std::string, Place, std::less<>> places_;  ///< by "Kind/namespace/name"
};

}  // namespace pintle::source
