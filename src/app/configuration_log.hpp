// What the log says of the configuration: each thing once, when it begins and when it is over. A line per generation,
// per finding (file:line:column), per address that is bound or cannot be.
// Values in, lines out; no I/O. Control thread.
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/log.hpp>

#include "controller/reconcile/reconciler.hpp"

namespace pintle::app {

struct Remark {
  log::Level level = log::Level::Info;
  std::string text;
  friend bool operator==(const Remark&, const Remark&) = default;
};
void write(const std::vector<Remark>& remarks);

class ConfigurationLog {
 public:
  [[nodiscard]] std::vector<Remark> on_served(const reconcile::Served& served);
  /// `findings`: all that hold now.
  [[nodiscard]] std::vector<Remark> on_findings(const std::vector<api::Finding>& findings);

 private:
  void compare_sockets(const reconcile::Served& served, std::vector<Remark>& remarks);
  void compare_findings(const std::vector<api::Finding>& findings, std::vector<Remark>& remarks);

  Generation generation_;
  std::set<std::string> findings_;                         ///< as they were written
  std::map<runtime::SocketAddress, std::string> bound_;    ///< to the Gateway
  std::map<runtime::SocketAddress, std::string> unbound_;  ///< to what was said of it
  bool said_nothing_served_ = false;
};

/// True if an address of the plan does without harm: this machine lacks it, and another address of the same Gateway and
/// port is bound. IPv6 loopback on a machine without IPv6 is the usual one.
[[nodiscard]] bool is_spare(const runtime::SocketResult& socket, const reconcile::Served& served);

}  // namespace pintle::app
