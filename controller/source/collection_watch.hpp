// Follows one collection of the API server: the requests, lines and timers around watch_state.
//  - guarantees: of watch_state; each object of a list or an event is told as text with its outline, one at a time; a
//    page is freed before the next is asked for.
//  - leaves to others: reading objects and keeping them (kind_watch, reconcile/replica_watch).
//  - threads: the control thread.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"
#include "controller/kube/resource.hpp"
#include "controller/source/json_scan.hpp"
#include "controller/source/watch_state.hpp"

namespace pintle::source {

enum class Contents : std::uint8_t {
  Plain,
  Keys  ///< of Secrets: pages are wiped once they are read (req 58)
};

/// Evenly from [0, 1), to spread the requests of many replicas.
[[nodiscard]] std::function<double()> make_dice();

class CollectionWatch {
 public:
  struct Collection {
    std::string path;       ///< from the root, escaped
    std::string selectors;  ///< of the query, escaped: "fieldSelector=..."; empty: all objects
    std::string name;       ///< for people: "httproutes of namespace shop"
    Need need = Need::Required;
    kube::Detail detail = kube::Detail::Whole;
    Contents contents = Contents::Plain;
  };
  struct Ports {
    kube::Api& api;
    kube::Clock& clock;
    std::function<double()> chance;  ///< as make_dice()
    /// A list begins: what is not told before on_complete() is gone.
    std::function<void()> on_list;
    /// One that is there; without an outline it is no object.
    std::function<void(std::string_view text, const std::optional<ObjectOutline>&)> on_object;
    std::function<void(const ObjectOutline&)> on_removed;
    std::function<void()> on_complete;  ///< of a list
    std::function<void()> on_health;    ///< is another than before
  };

  CollectionWatch(Collection collection, Ports ports) : collection_(std::move(collection)), ports_(std::move(ports)) {
    state_.need = collection_.need;
  }
  CollectionWatch(const CollectionWatch&) = delete;
  CollectionWatch& operator=(const CollectionWatch&) = delete;

  void start() { on(Due{}); }
  /// There has been a complete list.
  [[nodiscard]] bool is_whole() const noexcept { return state_.whole; }
  [[nodiscard]] Health health() const noexcept { return state_.health; }
  [[nodiscard]] const WatchState& state() const noexcept { return state_; }

  std::uint64_t events = 0;             ///< of watches, bookmarks left out
  std::uint64_t lists = 0;              ///< completed
  std::optional<Monotonic> last_heard;  ///< anything from the server: a page, an event, a bookmark

 private:
  void on(const Happening& happening);
  void act(const Action& action);
  void list(const ListPage& page);
  void watch(const Watch& watch);

  void on_page(Result<kube::Response> answer);
  void on_line(std::string_view line);
  void on_end(Result<kube::Response> end);
  /// False: the page is not what the API defines; nothing of it counts.
  [[nodiscard]] bool take_page(std::string_view body, PageRead& page);
  void settle(Verdict verdict);
  void tell_health(Health before);

  Collection collection_;
  Ports ports_;
  WatchState state_;
  kube::Call call_;
  kube::Alarm alarm_;
};

}  // namespace pintle::source
