// The key of the tokens of sessions in a cluster (docs/decisions/0008): read from a Secret that all replicas of a
// release read, and put there by whichever comes first.
//  - guarantees: a key that is there is never replaced; of two replicas that make one at once, both go on with the one
//    that was written; asked again until there is one, and never after.
//  - leaves to others: the Secret itself, empty or not (the chart makes it); what is done without a key.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include <pintle/base/clock.hpp>
#include <pintle/base/secret.hpp>

#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"

namespace pintle::reconcile {

/// 32 random bytes in Base64; empty if the system gives none.
[[nodiscard]] Secret make_session_key();

class SessionKey {
 public:
  struct Settings {
    std::string ns;
    std::string name;
    Millis retry{5000};
  };
  struct Ports {
    kube::Api& api;
    kube::Clock& clock;
    std::function<void()> on_key;                        ///< once: key() is there
    std::function<void(const std::string&)> on_failure;  ///< for the log; not twice in a row for the same
  };
  SessionKey(Settings settings, Ports ports);
  ~SessionKey();
  SessionKey(const SessionKey&) = delete;
  SessionKey& operator=(const SessionKey&) = delete;

  void start();
  /// Null before there is one.
  [[nodiscard]] const std::shared_ptr<const Secret>& key() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pintle::reconcile
