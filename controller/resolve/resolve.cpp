#include "controller/resolve/resolve.hpp"
namespace pintle::resolve {
struct Memo::State {};
Memo::Memo() : state_(std::make_unique<State>()) {}
Memo::~Memo() = default;
Memo::Memo(Memo&&) noexcept = default;
Memo& Memo::operator=(Memo&&) noexcept = default;
std::vector<runtime::SocketAddress> loopback_addresses() { return {}; }
Resolution resolve(const store::ClusterSnapshot&, const Settings&, Memo&) { return {}; }
Resolution resolve(const store::ClusterSnapshot& snapshot, const Settings& settings) {
  Memo memo;
  return resolve(snapshot, settings, memo);
}
}  // namespace pintle::resolve
