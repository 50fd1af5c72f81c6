// What this machine or container grants: CPU quota, memory limit, memory in use. Files are read below a root, so that
// tests bring their own. Any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "dataplane/net/worker_context.hpp"

namespace pintle::worker {

class Resources {
 public:
  explicit Resources(std::filesystem::path root = "/") : root_(std::move(root)) {}

  /// CPU quota of the cgroup in CPUs (cpu.max, or cfs_quota of version 1), the tightest of the own and all outer
  /// groups.
  [[nodiscard]] std::optional<double> cpu_quota() const;
  /// Memory limit of the cgroup in bytes.
  [[nodiscard]] std::optional<std::uint64_t> memory_limit() const;
  /// Resident memory of this process in bytes.
  [[nodiscard]] std::uint64_t resident_memory() const;
  /// TCP sends by timers of its own (bbr): what a pipe saves in copies it then spends on timers, as bytes come faster
  /// than they may go.
  [[nodiscard]] bool tcp_paces() const;
  /// Ports that the kernel gives to sockets that bind to none; sockets of UDP that are connected share them.
  [[nodiscard]] std::uint64_t local_ports() const;

 private:
  template <class Read>
  void walk_up(const char* controller, Read&& read) const;
  std::filesystem::path root_;
};

/// Quota rounded up, at most the CPUs this process may run on, at least 1.
[[nodiscard]] unsigned choose_threads(std::optional<double> quota, unsigned cpus) noexcept;
/// CPUs this process may run on.
[[nodiscard]] unsigned usable_cpus() noexcept;
/// Descriptors left for clients: each may need one towards its backend too.
[[nodiscard]] std::size_t choose_max_connections(std::uint64_t descriptor_limit, unsigned workers) noexcept;
/// Pipes of one worker, two descriptors each: a small share, as a body without one is only copied.
[[nodiscard]] std::size_t choose_max_pipes(std::uint64_t descriptor_limit, unsigned workers) noexcept;
/// UDP flows of one worker, each with a socket and a port: half of the ports and a quarter of the descriptors at most.
[[nodiscard]] std::size_t choose_max_flows(std::uint64_t descriptor_limit, std::uint64_t local_ports,
                                           unsigned workers) noexcept;
/// Limit on descriptors, raised to what the process may have. Call before threads exist.
[[nodiscard]] std::uint64_t raise_descriptor_limit() noexcept;

/// 85 %, 92 %, 97 % of the cap (req 50); a level is left only 3 points below where it begins, so it does not flap.
[[nodiscard]] net::Pressure next_pressure(net::Pressure present, std::uint64_t used, std::uint64_t cap) noexcept;

}  // namespace pintle::worker
