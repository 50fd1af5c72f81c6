// Who may write to the cluster. Whatever writes asks at each write, not once: the answer changes with the clock.
#pragma once

namespace pintle::kube {

class Authority {
 public:
  virtual ~Authority() = default;
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;
  /// False from the moment another could be leader. Cheap.
  [[nodiscard]] virtual bool is_leader() const noexcept = 0;

 protected:
  Authority() = default;
};

/// Without leader election: one replica, which always writes.
class SoleAuthority final : public Authority {
 public:
  [[nodiscard]] bool is_leader() const noexcept override { return true; }
};

}  // namespace pintle::kube
