// The Kubernetes API as a Source: each row of followed_resources() listed and watched.
//  - guarantees: a batch says `synced` only once every kind has had its first complete list (req 72), and from then on
//    always; changes of one turn of the event loop come together; objects that cannot be read keep their last good
//    version and are findings; with the API server away, all stays as it was.
//  - leaves to others: requests and credentials (kube::Api), what objects mean together (resolve).
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"
#include "controller/source/kind_watch.hpp"
#include "controller/source/source.hpp"

namespace pintle::source {

enum class SecretScope : std::uint8_t {
  Tls,  ///< those of type kubernetes.io/tls alone: all that a listener can reference
  All
};

struct KubeSettings {
  /// One watch per namespace and kind, and of the cluster-wide kinds what may be read; empty: all namespaces.
  std::vector<std::string> namespaces;
  /// Where the slices of our own replicas are: followed beside `namespaces`. Empty: nowhere else.
  std::string replicas_namespace;
  /// Secrets of these alone, whatever `namespaces` says; empty: as the other kinds.
  std::vector<std::string> secret_namespaces = {};
  SecretScope secrets = SecretScope::Tls;
  /// Evenly from [0, 1): spreads the requests of many replicas. Empty: a generator of its own.
  std::function<double()> chance = {};
  /// Objects it answers false for are not read and not held. Empty: all are wanted.
  std::function<bool(const api::ObjectKey&)> wanted = {};
  /// Each object that is new or different, as the API server wrote it, for whoever keeps it. May be empty.
  std::function<void(const api::ObjectKey&, std::string_view json)> on_text = {};
};

class KubeSource final : public Source {
 public:
  /// Both outlive the source. The first batch comes when all is listed, or earlier and not synced.
  [[nodiscard]] static std::unique_ptr<KubeSource> start(kube::Api& api, kube::Clock& clock,
                                                         const KubeSettings& settings, BatchSink sink);
  ~KubeSource() override;

  [[nodiscard]] bool is_synced() const noexcept;
  /// Before it is synced: the kinds without a complete list, each with what the API server answers, for people. Empty
  /// afterwards.
  [[nodiscard]] std::string waits_for() const;
  /// By kind, then namespace.
  [[nodiscard]] std::vector<KindStatus> status() const;

 private:
  struct State;
  explicit KubeSource(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace pintle::source
