// Follows one kind, in all namespaces or in one, and reads its objects.
//  - guarantees: of collection_watch and known_objects.
//  - leaves to others: gathering changes into batches (kube_source).
//  - threads: the control thread.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/shared_parts.hpp"
#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"
#include "controller/kube/resource.hpp"
#include "controller/source/collection_watch.hpp"
#include "controller/source/known_objects.hpp"
#include "controller/source/read_object.hpp"
#include "controller/source/source.hpp"

namespace pintle::source {

/// How a kind is followed just now, for the admin API and metrics.
struct KindStatus {
  api::Kind kind = api::Kind::Gateway;
  std::string ns;  ///< empty: all
  Phase phase = Phase::Empty;
  Health health = Health::Starting;
  bool whole = false;                      ///< there has been a complete list
  std::size_t objects = 0;                 ///< held; those that cannot be read do not count
  std::uint64_t events = 0;                ///< of watches, bookmarks left out
  std::uint64_t lists = 0;                 ///< completed
  std::optional<Monotonic> last_heard;     ///< anything from the server: a page, an event, a bookmark
  std::optional<Monotonic> failing_since;  ///< while neither live nor absent
  std::string error;                       ///< of the last failure, while it lasts
};

class KindWatch {
 public:
  struct Scope {
    const kube::Resource* resource = nullptr;
    std::string ns;              ///< empty: all
    std::string field_selector;  ///< unescaped; empty: all objects
    Need need = Need::Required;
  };
  struct Ports {
    kube::Api& api;
    kube::Clock& clock;
    std::function<double()> chance;                     ///< evenly from [0, 1)
    std::function<bool(const api::ObjectKey&)> wanted;  ///< empty: all; asked before an object is read
    /// An object as the API server wrote it, before its change is told; may be empty.
    std::function<void(const api::ObjectKey&, std::string_view json)> on_text;
    std::function<void(Change)> on_change;
    std::function<void()> on_progress;  ///< whole, health or findings may be others than before
  };

  KindWatch(const Scope& scope, Ports ports);
  KindWatch(const KindWatch&) = delete;
  KindWatch& operator=(const KindWatch&) = delete;

  void start() { watch_.start(); }
  [[nodiscard]] bool is_whole() const noexcept { return watch_.is_whole(); }
  [[nodiscard]] Health health() const noexcept { return watch_.health(); }
  [[nodiscard]] KindStatus status() const;
  void append_findings(std::vector<api::Finding>& findings) const { known_.append_findings(findings); }

 private:
  [[nodiscard]] CollectionWatch::Ports watch_ports();
  void take_object(std::string_view text, const std::optional<ObjectOutline>& outline);
  void remove_object(const ObjectOutline& outline);
  void drop_unnamed();

  const kube::Resource& resource_;
  std::string ns_;
  Ports ports_;
  KnownObjects known_;
  ObjectReader reader_;
  api::SharedParts parts_;
  CollectionWatch watch_;
};

}  // namespace pintle::source
