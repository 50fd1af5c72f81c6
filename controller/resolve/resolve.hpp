// From the objects to what is served and what is said about it.
//  - guarantees: pure (no clock, no I/O, no log); the same snapshot and settings give the same value whatever the order
//    the objects came in; a bad object never removes a good one. With a Memo, a route whose resolution is unchanged
//    keeps its shared_ptr<const ResolvedRoute>, a backend its shared_ptr<const Backend>, a certificate its pointer.
//  - leaves to others: conditions, times and what binding brought (status), tables (compile), making internal
//    certificates (app).
//  - threads: any, but one Memo at a time.
#pragma once
#include <memory>
#include <set>
#include <string>

#include "controller/resolve/model.hpp"
#include "controller/resolve/settings.hpp"
#include "controller/resolve/status_report.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

struct Resolution {
  Model model;
  StatusReport report;
  Lookups refs;
  /// Hostnames ("*" for a listener without) for which Settings::internal_certificates lacks one.
  std::set<std::string> wanted_internal_certificates;
  bool keeps_sessions = false;  ///< some rule that is attached does: tokens need a key
};

/// What one resolution leaves to the next. Never changes the answer, only its cost and the identity of its pointers;
/// but for one thing (req 57): a Secret whose content has become bad keeps the certificate it gave before, and its
/// problem. Settings that differ from those of the call before are noticed by the parts they concern.
class Memo {
 public:
  Memo();
  ~Memo();
  Memo(Memo&&) noexcept;
  Memo& operator=(Memo&&) noexcept;

  struct State;
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

[[nodiscard]] Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings, Memo& memo);
[[nodiscard]] Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings);

/// False only if a change of this object cannot change the resolution `refs` came from.
[[nodiscard]] bool concerns(const Lookups& refs, const api::ObjectKey& changed);

}  // namespace pintle::resolve
