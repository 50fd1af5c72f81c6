// The objects of one kind (and namespace) as the API server last described them: what a list and a watch agree on.
//  - guarantees: put() and remove() answer what really changed; an object that cannot be read keeps its last good
//    version; after a list, only what it named is left.
//  - an object and its key are held once: the set is ordered by what stands in the object itself.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/finding.hpp"

namespace pintle::source {

class KnownObjects {
 public:
  explicit KnownObjects(api::Kind kind) : kind_(kind) {}

  /// What is not named from here to end_list() is gone.
  void begin_list() noexcept { ++list_; }
  /// The keys that are gone.
  [[nodiscard]] std::vector<api::ObjectKey> end_list();

  /// True: it is new, or another version than before (versions are only compared for equality, req 73).
  [[nodiscard]] bool put(const api::AnyObject& object);
  /// It is there, in the version held, which need not be read again; false: it is new or in another version.
  [[nodiscard]] bool is_known(std::string_view ns, std::string_view name, std::string_view version);
  /// It is there but cannot be read; its last good version, if there is one, is kept.
  void put_broken(std::string_view ns, std::string_view name, std::vector<api::Finding> findings);
  /// True: it was there.
  [[nodiscard]] bool remove(std::string_view ns, std::string_view name);

  /// Of the objects that cannot be read.
  void append_findings(std::vector<api::Finding>& findings) const;
  [[nodiscard]] std::size_t size() const noexcept { return objects_.size(); }

 private:
  using Name = std::pair<std::string_view, std::string_view>;
  struct Entry {
    api::AnyObject object;
    mutable std::uint32_t list = 0;  ///< the last that named it; no part of the order
    [[nodiscard]] Name name() const noexcept {
      const api::ObjectMeta& meta = api::metadata_of(object);
      return {meta.ns, meta.name};
    }
  };
  struct ByName {
    using is_transparent = void;
    static Name of(const Entry& entry) noexcept { return entry.name(); }
    static Name of(const Name& name) noexcept { return name; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return of(a) < of(b);
    }
  };
  struct BrokenObject {
    std::uint32_t list = 0;
    std::vector<api::Finding> findings;
  };

  [[nodiscard]] api::ObjectKey key_of(Name name) const {
    return {kind_, std::string(name.first), std::string(name.second)};
  }

  api::Kind kind_;
  std::uint32_t list_ = 0;
  std::set<Entry, ByName> objects_;
  std::map<api::ObjectKey, BrokenObject> broken_;
};

}  // namespace pintle::source
