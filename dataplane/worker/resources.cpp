#include "dataplane/worker/resources.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace pintle::worker {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_word(const fs::path& path, int index = 0) {
  std::ifstream file(path);
  std::string word;
  for (int i = 0; i <= index; ++i)
    if (!(file >> word)) return std::nullopt;
  return word;
}

std::optional<double> read_number(const fs::path& path, int index = 0) {
  const auto word = read_word(path, index);
  if (!word || word->find_first_not_of("0123456789") != std::string::npos) return std::nullopt;  // "max", "-1"
  try {
    return std::stod(*word);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

/// Path of this process in the hierarchy that holds `controller` ("" for version 2), from /proc/self/cgroup.
fs::path own_group(const fs::path& root, std::string_view controller) {
  std::ifstream file(root / "proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool found = controller.empty() ? controllers == ",,"
                                          : controllers.find("," + std::string(controller) + ",") != std::string::npos;
    if (found) return fs::path(line.substr(second + 1)).relative_path();
  }
  return {};
}

template <class T>
void keep_least(std::optional<T>& least, std::optional<T> value) {
  if (value && (!least || *value < *least)) least = value;
}

}  // namespace

// Version 2 and the folder of a version 1 controller; the own group, then each outer one. In a container the own path
// may be that of the host and not exist: then only the root of what is mounted is seen, which is the container's own
// group.
template <class Read>
void Resources::walk_up(const char* controller, Read&& read) const {
  const fs::path mount = root_ / "sys/fs/cgroup";
  const auto visit = [&](const fs::path& base, fs::path group) {
    for (;;) {
      read(base / group);
      if (group.empty()) return;
      group = group.parent_path();
    }
  };
  visit(mount, own_group(root_, ""));
  visit(mount / controller, own_group(root_, controller));
}

std::optional<double> Resources::cpu_quota() const {
  std::optional<double> least;
  walk_up("cpu", [&](const fs::path& group) {
    auto quota = read_number(group / "cpu.max", 0);
    auto period = read_number(group / "cpu.max", 1);
    if (!quota) {
      quota = read_number(group / "cpu.cfs_quota_us");
      period = read_number(group / "cpu.cfs_period_us");
    }
    if (quota && period && *period > 0) keep_least(least, std::optional(*quota / *period));
  });
  return least;
}

std::optional<std::uint64_t> Resources::memory_limit() const {
  constexpr double no_limit = 1e18;  // version 1 says "none" by a huge number
  std::optional<double> least;
  walk_up("memory", [&](const fs::path& group) {
    keep_least(least, read_number(group / "memory.max"));
    keep_least(least, read_number(group / "memory.limit_in_bytes"));
  });
  if (!least || *least > no_limit) return std::nullopt;
  return static_cast<std::uint64_t>(*least);
}

std::uint64_t Resources::resident_memory() const {
  const auto pages = read_number(root_ / "proc/self/statm", 1);
  return pages ? static_cast<std::uint64_t>(*pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

bool Resources::tcp_paces() const {
  const auto control = read_word(root_ / "proc/sys/net/ipv4/tcp_congestion_control");
  return control && control->starts_with("bbr");
}

std::uint64_t Resources::local_ports() const {
  const fs::path range = root_ / "proc/sys/net/ipv4/ip_local_port_range";
  const double first = read_number(range, 0).value_or(32768);
  const double last = read_number(range, 1).value_or(60999);
  return last < first ? 0 : static_cast<std::uint64_t>(last - first) + 1;
}

unsigned choose_threads(std::optional<double> quota, unsigned cpus) noexcept {
  const unsigned most = std::max(cpus, 1u);
  if (!quota || *quota >= most) return most;
  return std::max(static_cast<unsigned>(std::ceil(*quota)), 1u);
}

unsigned usable_cpus() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(std::thread::hardware_concurrency(), 1u);
}

std::size_t choose_max_connections(std::uint64_t descriptor_limit, unsigned workers) noexcept {
  constexpr std::uint64_t kept_back = 64;  // logs, API server, admin, listeners
  const std::uint64_t left = descriptor_limit > 2 * kept_back ? descriptor_limit - kept_back : descriptor_limit / 2;
  return std::max<std::size_t>(left / 2 / std::max(workers, 1u), 1);
}

std::size_t choose_max_pipes(std::uint64_t descriptor_limit, unsigned workers) noexcept {
  constexpr std::uint64_t one_of = 64;
  return std::min<std::size_t>(descriptor_limit / one_of / std::max(workers, 1u), net::PipePool::default_limit);
}

std::size_t choose_max_flows(std::uint64_t descriptor_limit, std::uint64_t local_ports, unsigned workers) noexcept {
  constexpr std::uint64_t most = 16384;
  const std::uint64_t flows = std::min(descriptor_limit / 4, local_ports / 2) / std::max(workers, 1u);
  return std::clamp<std::uint64_t>(flows, 1, most);
}

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

net::Pressure next_pressure(net::Pressure present, std::uint64_t used, std::uint64_t cap) noexcept {
  if (cap == 0) return net::Pressure::None;
  constexpr std::array<double, 3> begins{0.85, 0.92, 0.97};
  constexpr double slack = 0.03;
  const double share = static_cast<double>(used) / static_cast<double>(cap);
  auto level = net::Pressure::None;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    const auto candidate = static_cast<net::Pressure>(i + 1);
    const double edge = candidate <= present ? begins[i] - slack : begins[i];
    if (share >= edge) level = candidate;
  }
  return level;
}

}  // namespace pintle::worker
