#include "controller/store/store.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace pintle::store {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

Name name_of(const api::AnyObject& object) noexcept {
  const api::ObjectMeta& meta = api::metadata_of(object);
  return {meta.ns, meta.name};
}

std::size_t index_of(api::Kind kind) noexcept { return static_cast<std::size_t>(kind); }

}  // namespace

/// One EndpointSlice by the Service it belongs to; views into the slice, which the table keeps alive.
struct ClusterSnapshot::SliceRef {
  std::string_view ns;
  std::string_view service;
  const api::EndpointSlice* slice;
};
/// Sorted by (namespace, service, slice name). Owns the table it points into.
struct ClusterSnapshot::SliceIndex {
  std::shared_ptr<const Table> table;
  std::vector<SliceRef> refs;
};

ClusterSnapshot::ClusterSnapshot() {
  static const auto empty = std::make_shared<const Table>();
  tables_.fill(empty);
}

const api::AnyObject* ClusterSnapshot::find_any(api::Kind kind, std::string_view ns,
                                                std::string_view name) const noexcept {
  const Table& objects = *tables_[index_of(kind)];
  const Name wanted{api::is_cluster_scoped(kind) ? std::string_view() : ns, name};
  const auto found = std::ranges::lower_bound(objects, wanted, {}, name_of);
  return found != objects.end() && name_of(*found) == wanted ? &*found : nullptr;
}

std::span<const api::AnyObject> ClusterSnapshot::table(api::Kind kind) const noexcept {
  return *tables_[index_of(kind)];
}

std::vector<const api::EndpointSlice*> ClusterSnapshot::find_endpoint_slices(std::string_view ns,
                                                                             std::string_view service) const {
  std::vector<const api::EndpointSlice*> out;
  if (!slices_) return out;
  const auto key = [](const SliceRef& ref) { return Name{ref.ns, ref.service}; };
  for (const SliceRef& ref : std::ranges::equal_range(slices_->refs, Name{ns, service}, {}, key)) {
    out.push_back(ref.slice);
  }
  return out;
}

api::StringMap ClusterSnapshot::find_namespace_labels(std::string_view ns) const {
  if (const auto* declared = find<api::Namespace>({}, ns)) return declared->metadata.labels;
  return {{std::string(api::namespace_name_label), std::string(ns)}};
}

std::size_t ClusterSnapshot::size() const noexcept {
  std::size_t count = 0;
  for (const auto& objects : tables_) count += objects->size();
  return count;
}

Store::Store() = default;

std::vector<api::ObjectKey> Store::apply(const source::Batch& batch) {
  std::vector<api::ObjectKey> changed;
  // The last change of a key counts; applied per kind in one merge, so a first load of many objects sorts once.
  std::map<api::ObjectKey, const source::Change*> last;
  for (const source::Change& change : batch.changes) last[source::key_of(change)] = &change;
  for (auto at = last.begin(); at != last.end();) {
    const api::Kind kind = at->first.kind;
    Table& objects = tables_[index_of(kind)];
    Table merged;
    merged.reserve(objects.size() + last.size());
    auto old = objects.begin();
    const std::size_t before = changed.size();
    for (; at != last.end() && at->first.kind == kind; ++at) {
      const Name name{at->first.ns, at->first.name};
      while (old != objects.end() && name_of(*old) < name) merged.push_back(std::move(*old++));
      const bool present = old != objects.end() && name_of(*old) == name;
      const auto* upsert = std::get_if<source::Upsert>(at->second);
      const bool same = upsert != nullptr && present && api::same_content(*old, upsert->object);
      if (!same && (upsert != nullptr || present)) changed.push_back(at->first);
      if (upsert != nullptr) merged.push_back(upsert->object);
      if (present) ++old;
    }
    while (old != objects.end()) merged.push_back(std::move(*old++));
    objects = std::move(merged);
    if (changed.size() != before) frozen_[index_of(kind)] = nullptr;
  }
  return changed;
}

ClusterSnapshot Store::freeze() {
  ClusterSnapshot out;
  for (std::size_t kind = 0; kind < tables_.size(); ++kind) {
    if (!frozen_[kind]) {
      frozen_[kind] = std::make_shared<const Table>(tables_[kind]);
      if (kind == index_of(api::Kind::EndpointSlice)) slices_ = nullptr;
    }
    out.tables_[kind] = frozen_[kind];
  }
  if (!slices_) {
    auto index = std::make_shared<ClusterSnapshot::SliceIndex>();
    index->table = frozen_[index_of(api::Kind::EndpointSlice)];
    for (const api::AnyObject& object : *index->table) {
      const api::EndpointSlice& slice = **std::get_if<api::Ptr<api::EndpointSlice>>(&object);
      if (slice.service_name().empty()) continue;
      index->refs.push_back({slice.metadata.ns, slice.service_name(), &slice});
    }
    std::ranges::sort(index->refs, [](const auto& a, const auto& b) {
      return std::tie(a.ns, a.service, a.slice->metadata.name) < std::tie(b.ns, b.service, b.slice->metadata.name);
    });
    slices_ = std::move(index);
  }
  out.slices_ = slices_;
  return out;
}

}  // namespace pintle::store
