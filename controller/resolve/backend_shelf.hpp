// What routes refer to, over generations: each distinct backendRef judged once, each Service port with its endpoints
// and its BackendId.
//  - guarantees: a verdict, a Backend, the EndpointSet and the set of lookups keep their pointers while they are equal;
//  a
//    Service port keeps its BackendId while a route names it, and no other gets it in the generation after it left.
//  - relies on: who takes a referral or a target gives it back, and tells when its standing changes.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "controller/resolve/backends.hpp"

namespace pintle::resolve {

using VerdictPtr = std::shared_ptr<const BackendVerdict>;

/// A backendRef as routes of one kind and namespace write it.
struct Referral {
  api::Kind kind = api::Kind::HTTPRoute;  ///< of the routes: grants and what may be referred to hang on it
  std::string ns;                         ///< of the routes
  api::BackendObjectReference ref;
  VerdictPtr verdict;
  RefSet lookups;
  std::uint32_t named = 0;  ///< by how many routes
  std::uint32_t ours = 0;   ///< by how many that are not foreign: only what these looked up is our concern
};

/// A Service port in use.
struct Target {
  BackendKey key;
  BackendId id;
  BackendEndpoints endpoints;
  std::uint32_t named = 0;   ///< by how many routes
  std::uint32_t served = 0;  ///< to how many of these a listener sends traffic
};

class BackendShelf {
 public:
  /// Nothing was looked up for a route yet.
  [[nodiscard]] bool empty() const noexcept { return referrals_.empty(); }
  /// Brings what is known up to date. Before the first take.
  void refresh(const BackendContext& context, const Changes& changes);
  /// Some referral has another verdict than before refresh().
  [[nodiscard]] bool verdicts_changed() const noexcept { return verdicts_changed_; }
  /// Some target has other notes than before refresh().
  [[nodiscard]] bool notes_changed() const noexcept { return notes_changed_; }
  /// False if no target has notes, so that nobody needs to look.
  [[nodiscard]] bool has_notes() const noexcept { return with_notes_ > 0; }

  [[nodiscard]] Referral& take_referral(const BackendContext& context, const Referrer& from,
                                        const api::BackendObjectReference& ref);
  [[nodiscard]] Target& take_target(const BackendContext& context, const BackendKey& key);
  void give_back(Referral& referral);
  void give_back(Target& target);

  void set_ours(Referral& referral, std::int32_t difference);
  void set_served(Target& target, std::int32_t difference);

  /// Forgets what nobody names.
  void sweep();
  /// Of the targets that are served.
  [[nodiscard]] const std::shared_ptr<const runtime::EndpointSet>& endpoints();
  [[nodiscard]] const std::shared_ptr<const RefSet>& lookups();

 private:
  struct Order {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      return place(a) < place(b);
    }
    /// A route's namespace, what its backendRef says, the route's kind; views.
    using Place = std::tuple<std::string_view, std::string_view, std::string_view, std::uint32_t, std::string_view,
                             std::string_view, api::Kind>;
    static Place place(const Place& already) noexcept { return already; }
    static Place place(const Referrer& from, const api::BackendObjectReference& ref) noexcept;
    static Place place(const std::unique_ptr<Referral>& held) noexcept {
      return place({held->kind, held->ns}, held->ref);
    }
  };

  void judge(const BackendContext& context, Referral& referral);
  void put(Target& target, BackendEndpoints endpoints);
  [[nodiscard]] BackendId next_id();

  std::set<std::unique_ptr<Referral>, Order> referrals_;
  std::map<BackendKey, Target> targets_;
  std::vector<Referral*> idle_referrals_;  ///< may be named by nobody
  std::vector<Target*> idle_targets_;
  std::set<std::uint32_t> free_ids_;
  std::vector<std::uint32_t> resting_ids_;  ///< free from the next generation on
  std::uint32_t ids_ = 0;
  std::size_t with_notes_ = 0;
  bool verdicts_changed_ = false;
  bool notes_changed_ = false;
  std::shared_ptr<const runtime::EndpointSet> endpoints_;  ///< nullptr: to be made
  std::shared_ptr<const RefSet> lookups_;                  ///< nullptr: to be made
};

}  // namespace pintle::resolve
