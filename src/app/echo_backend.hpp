// The backends of the demo: small HTTP servers on loopback that tell, as JSON, which pod they play and what reached
// them. One thread for all of them. Nothing else uses them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/error.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::app {

struct EchoPod {
  std::string name;
  runtime::SocketAddress address;  ///< port 0, or a busy one: the system chooses
};

class EchoBackends {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EchoBackends>> start(std::vector<EchoPod> pods);
  ~EchoBackends();
  EchoBackends(const EchoBackends&) = delete;
  EchoBackends& operator=(const EchoBackends&) = delete;
  /// With the addresses they really have.
  [[nodiscard]] const std::vector<EchoPod>& pods() const noexcept;

 private:
  struct State;
  explicit EchoBackends(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace pintle::app
