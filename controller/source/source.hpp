// Where objects come from: a folder of manifests or the Kubernetes API, behind one interface.
//  - guarantees: a Source keeps its last good version of an object; a batch holds each key at most once,
//  sorted by key, and
//    only real changes; findings are the complete present list, sorted, not an increment.
//  - leaves to others: keeping the objects (store), judging them together (resolve).
//  - threads: the control thread alone.
#pragma once
#include <functional>
#include <variant>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/finding.hpp"

namespace pintle::source {

struct Upsert {
  api::AnyObject object;
};
struct Remove {
  api::ObjectKey key;
};
using Change = std::variant<Upsert, Remove>;
[[nodiscard]] api::ObjectKey key_of(const Change& change);

struct Batch {
  std::vector<Change> changes;
  std::vector<api::Finding> findings;  ///< all that hold now
  bool synced = false;                 ///< every kind has had its first complete list: the world is whole
};

using BatchSink = std::function<void(const Batch&)>;

class Source {
 public:
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

 protected:
  Source() = default;
};

}  // namespace pintle::source
