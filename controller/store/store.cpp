#include "controller/store/store.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <tuple>
#include <unordered_set>

namespace pintle::store {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

Name name_of(const api::AnyObject& object) noexcept {
  const api::ObjectMeta& meta = api::metadata_of(object);
  return {meta.ns, meta.name};
}

std::size_t index_of(api::Kind kind) noexcept { return static_cast<std::size_t>(kind); }

/// Sorted by key, of each the last one.
void keep_last_of_each(std::vector<std::pair<api::ObjectKey, const source::Change*>>& changes) {
  const auto key = [](const auto& change) -> const api::ObjectKey& { return change.first; };
  if (std::ranges::adjacent_find(changes, std::greater_equal<>{}, key) == changes.end()) return;  // as sources deliver
  std::ranges::sort(changes);  // of one key, those that lie further on in the batch are the later ones
  const auto first =
      std::unique(changes.rbegin(), changes.rend(), [](const auto& a, const auto& b) { return a.first == b.first; });
  changes.erase(changes.begin(), first.base());
}

}  // namespace

/// One EndpointSlice by the Service it belongs to; views into the slice, which the table keeps alive.
struct ClusterSnapshot::SliceRef {
  std::string_view ns;
  std::string_view service;
  const api::EndpointSlice* slice;
  [[nodiscard]] auto place() const noexcept {
    return std::tuple<std::string_view, std::string_view, std::string_view>(ns, service, slice->metadata.name);
  }
};
/// Sorted by (namespace, service, slice name). Owns the table it points into.
struct ClusterSnapshot::SliceIndex {
  std::shared_ptr<const Table> table;
  std::vector<SliceRef> refs;

  /// Of a table most of whose slices stand in `previous` (maybe null): only the others are sorted.
  static std::shared_ptr<const SliceIndex> make(std::shared_ptr<const Table> table, const SliceIndex* previous) {
    std::unordered_set<const api::EndpointSlice*> fresh;
    fresh.reserve(table->size());
    for (const api::AnyObject& object : *table) fresh.insert(std::get_if<api::Ptr<api::EndpointSlice>>(&object)->get());
    std::vector<SliceRef> kept;
    if (previous != nullptr)
      std::ranges::copy_if(previous->refs, std::back_inserter(kept),
                           [&fresh](const SliceRef& ref) { return fresh.erase(ref.slice) > 0; });
    std::vector<SliceRef> added;
    for (const api::EndpointSlice* slice : fresh)
      if (!slice->service_name().empty()) added.push_back({slice->metadata.ns, slice->service_name(), slice});
    std::ranges::sort(added, {}, &SliceRef::place);
    auto index = std::make_shared<SliceIndex>();
    index->refs.reserve(kept.size() + added.size());
    std::ranges::merge(kept, added, std::back_inserter(index->refs), {}, &SliceRef::place, &SliceRef::place);
    index->table = std::move(table);
    return index;
  }
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

api::Labels ClusterSnapshot::find_namespace_labels(std::string_view ns) const {
  if (const auto* declared = find<api::Namespace>({}, ns)) return declared->metadata.labels;
  return {{std::string(api::namespace_name_label), std::string(ns)}};
}

std::size_t ClusterSnapshot::size() const noexcept {
  std::size_t count = 0;
  for (const auto& objects : tables_) count += objects->size();
  return count;
}

Store::Store() {
  static const auto empty = std::make_shared<const Table>();
  tables_.fill(empty);
}

std::vector<Changed> Store::apply(const source::Batch& batch) {
  std::vector<Changed> changed;
  // The last change of a key counts; applied per kind in one merge, so a first load of many objects sorts once.
  std::vector<std::pair<api::ObjectKey, const source::Change*>> last;
  last.reserve(batch.changes.size());
  for (const source::Change& change : batch.changes) last.emplace_back(source::key_of(change), &change);
  keep_last_of_each(last);
  for (auto at = last.begin(); at != last.end();) {
    const std::size_t kind = index_of(at->first.kind);
    const Table& old = *tables_[kind];
    const std::size_t before = changed.size();
    Table merged;
    merged.reserve(old.size() + last.size());
    auto kept = old.begin();
    for (; at != last.end() && index_of(at->first.kind) == kind; ++at) {
      const Name name{at->first.ns, at->first.name};
      const auto place = std::ranges::lower_bound(kept, old.end(), name, {}, name_of);
      merged.insert(merged.end(), kept, place);
      const bool present = place != old.end() && name_of(*place) == name;
      const auto* upsert = std::get_if<source::Upsert>(at->second);
      const bool same = upsert != nullptr && present && api::same_content(*place, upsert->object);
      if (!same && (upsert != nullptr || present)) {
        const bool notes = upsert != nullptr && present && api::same_input(*place, upsert->object);
        changed.push_back({at->first, notes ? Extent::Notes : Extent::Input});
      }
      if (upsert != nullptr) merged.push_back(same ? *place : upsert->object);
      kept = present ? place + 1 : place;
    }
    if (changed.size() == before) continue;
    merged.insert(merged.end(), kept, old.end());
    tables_[kind] = std::make_shared<const Table>(std::move(merged));
  }
  return changed;
}

ClusterSnapshot Store::freeze() {
  ClusterSnapshot out;
  out.tables_ = tables_;
  const auto& slices = tables_[index_of(api::Kind::EndpointSlice)];
  if (!slices_ || slices_->table != slices) slices_ = ClusterSnapshot::SliceIndex::make(slices, slices_.get());
  out.slices_ = slices_;
  return out;
}

}  // namespace pintle::store
