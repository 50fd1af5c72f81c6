// A reconciler between manifests written in a test and a publisher that answers when told to.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "controller/reconcile/reconciler.hpp"

namespace pintle::reconcile::testing {

/// Two workers. Ports in `busy` cannot be bound.
class FakePublisher final : public runtime::Publisher {
 public:
  void publish(runtime::CompiledPtr compiled, std::function<void(const runtime::ApplyReport&)> done) override;
  /// Of the oldest publish that waits for it.
  void answer(std::uint32_t acknowledged = 2);
  [[nodiscard]] std::size_t unanswered() const noexcept { return waiting_.size(); }

  std::vector<runtime::CompiledPtr> published;
  std::map<std::uint16_t, std::string> busy;  ///< port -> what the error says

 private:
  std::vector<std::function<void(const runtime::ApplyReport&)>> waiting_;
};

struct Loop {
  explicit Loop(Settings settings = {});
  /// Manifests as one batch; the objects replace those of the same key.
  void apply(std::string_view manifests, std::vector<api::Finding> findings = {});
  void remove(const api::ObjectKey& key);
  /// Runs until it holds; false after ten seconds.
  bool until(const std::function<bool()>& holds);
  /// All that is ready or due.
  void poll();
  /// Status and reason of a condition of Gateway default/gw, as last served: "True/Programmed".
  [[nodiscard]] std::string gateway_condition(std::string_view type) const;

  boost::asio::io_context io;
  FakePublisher publisher;
  status::FolderStatusSink sink;
  std::map<std::string, std::shared_ptr<const runtime::Certificate>> certificates;  ///< forget one: it is made anew
  std::vector<std::string> certificates_made;
  std::vector<std::uint64_t> served;  ///< generations told to on_served
  std::vector<std::vector<api::Finding>> findings_told;
  int exposed = 0;            ///< translations told to expose
  resolve::RefSet looked_up;  ///< what expose says
  status::Lags lags;          ///< what compare_replicas says
  int compared = 0;           ///< how often it was asked
  std::unique_ptr<Reconciler> reconciler;
};

/// A Gateway default/gw of the implied class with one HTTP listener.
[[nodiscard]] std::string gateway(int port = 8080);
/// An HTTPRoute default/<name> at gw.
[[nodiscard]] std::string route(std::string_view name, std::string_view path = "/");
[[nodiscard]] std::string config_map(std::string_view name);

}  // namespace pintle::reconcile::testing
