// The loop of the control thread: changes in, generations published, statuses out. The pure half of the pipeline is
// called from here and nowhere else.
//   on_batch -> store -> (does it concern us? coalesce) -> resolve -> compile -> publish -> finish_status -> sink
//  - guarantees: the first change after a calm is applied at once, those that follow within `coalesce` together; one
//    publish at a time; an event that touches nothing referenced costs no rebuild; nothing is published before a batch
//    was synced; a socket that could not be bound is tried again every `retry_binding` under the same generation (it
//    moves with the configuration alone), which is told to on_served again only if binding brought something new;
//    statuses are finished only when the ApplyReport is complete.
//  - a status that comes back as it was written costs nothing; one that somebody else has changed is written again.
//  - leaves to others: where objects come from (source), sockets and workers (Publisher), keeping statuses (sink).
//  - threads: the control thread's io_context.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/runtime/publisher.hpp>

#include "controller/api/finding.hpp"
#include "controller/resolve/resolve.hpp"
#include "controller/source/source.hpp"
#include "controller/status/finish.hpp"
#include "controller/status/sink.hpp"
#include "controller/store/store.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::reconcile {

/// A generation that all workers serve, as everything outside sees it.
struct Served {
  runtime::CompiledPtr compiled;
  runtime::ApplyReport apply;
  std::shared_ptr<const status::Statuses> statuses;  ///< of the sink: always the present ones
  store::ClusterSnapshot snapshot;
  std::vector<api::Finding> findings;          ///< of the source, the present list
  std::chrono::nanoseconds apply_duration{0};  ///< translation and publishing
  std::chrono::nanoseconds propagation{0};     ///< first change of it seen to served
};

struct Settings {
  resolve::Settings resolve;
  Millis coalesce{5};
  Millis retry_binding{2000};
  Millis question_strangers{1000};  ///< a status somebody else wrote over is judged again after so long
};

struct Ports {
  runtime::Publisher& publisher;
  status::StatusSink& sink;
  /// A certificate of the own CA for a hostname ("*": any); may be empty, then none is made. Asked at each translation:
  /// the same pointer as before while that one is right.
  std::function<std::shared_ptr<const runtime::Certificate>(const std::string& hostname)> make_internal_certificate;
  /// The key of the tokens of sessions; may be empty, or give null: then no session is kept. Asked at each translation
  /// in which some rule keeps sessions.
  std::function<std::shared_ptr<const Secret>()> session_key = {};
  /// Service mode: makes Services and slices as the Gateways want them, adds what is wrong with them to the report, and
  /// says what it looked up. With each translation.
  std::function<resolve::RefSet(const store::ClusterSnapshot&, resolve::StatusReport&)> expose;
  /// What other replicas do not serve yet, asked whenever statuses are finished. Empty: there are none.
  std::function<status::Lags(const store::ClusterSnapshot&, const resolve::StatusReport&, const runtime::ApplyReport&)>
      compare_replicas;
  /// After each generation, its statuses finished and written.
  std::function<void(const Served&)> on_served;
  /// After a batch that changed findings alone or nothing that concerns us: the present findings.
  std::function<void(const std::vector<api::Finding>&)> on_findings;
};

class Reconciler {
 public:
  Reconciler(boost::asio::io_context& io, Settings settings, Ports ports);
  ~Reconciler();
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  void on_batch(const source::Batch& batch);
  /// Asks for the certificates of the own CA; if one is another than before, it is served. Call now and then.
  void renew_certificates();
  /// Translates anew although nothing has changed: what `expose` knows has.
  void look_again();
  /// Statuses of everything are judged anew, also of what has not changed: who writes them has changed.
  void judge_again();
  /// `compare_replicas` has another answer than before: what depends on it is judged anew.
  void recount();
  /// nullptr before the first generation is served.
  [[nodiscard]] const Served* served() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::reconcile
