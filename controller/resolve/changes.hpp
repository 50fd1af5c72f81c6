// What differs between two snapshots, of the objects that routes and backends look up. Tables that are the same by
// pointer cost nothing; others one walk that compares pointers.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "controller/resolve/model.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

class Changes {
 public:
  enum class Lookups : std::uint8_t { None, Some };
  /// `made`: where there were none, no change can touch them, and changes are not listed.
  Changes(const store::ClusterSnapshot& before, const store::ClusterSnapshot& now, Lookups made);

  /// A Service or ReferenceGrant that `ref` stands for came, went or is another object.
  [[nodiscard]] bool touch(const Ref& ref) const { return !refs_.empty() && refs_.contains(ref); }
  /// False if touch() is false for all.
  [[nodiscard]] bool touch_references() const noexcept { return !refs_.empty(); }
  [[nodiscard]] bool same_routes() const noexcept { return same_routes_; }
  [[nodiscard]] bool same_namespaces() const noexcept { return same_namespaces_; }
  /// (namespace, name) of Services for which that, or a slice of which, did so.
  [[nodiscard]] const std::set<std::pair<std::string, std::string>>& services() const noexcept { return services_; }
  /// Something else about these Services has changed.
  void add_services(const std::set<std::pair<std::string, std::string>>& names) {
    services_.insert(names.begin(), names.end());
  }
  /// Something that a reference to one of these Services looks up.
  void add_references(const std::set<std::pair<std::string, std::string>>& names);

 private:
  bool same_routes_ = false;
  bool same_namespaces_ = false;
  RefSet refs_;
  std::set<std::pair<std::string, std::string>> services_;
};

}  // namespace pintle::resolve
