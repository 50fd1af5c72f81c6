// The routing table: immutable, shared by all workers, cheap to rebuild in part.
//
//   SocketId -> PortTable -> ListenerTable -> HostTable -> Entry{Match, Rule}
//
//   PortTable      which listener owns a host (isolation): exact name, else longest wildcard, else the catch-all
//   listener ListenerTable  hosts of the routes attached to one listener: exact, wildcards by label, catch-all
//   HostTable      entries of one host: exact paths by hash, regexes in rank order, prefixes by hash walked by segment;
//                  each list in Rank order, so the first entry whose rest matches wins
//
// A host whose entries do not match falls through to the next less specific host of the same listener. 40,000 routes
// cost a request the same as one. HostTables are shared between generations by pointer when their input did not change.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/ids.hpp>
#include <pintle/route/filter.hpp>
#include <pintle/route/match.hpp>

namespace pintle::runtime {
struct Certificate;
}

namespace pintle::route {

/// Both are shared with whoever made the table: a host's routes stand in many tables and generations.
struct Entry {
  std::shared_ptr<const Match> match;
  std::shared_ptr<const Rule> rule;
};

class HostTable {
 public:
  /// Takes entries in any order.
  explicit HostTable(std::vector<Entry> entries);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;
  ~HostTable();

  /// The winning entry or nullptr. No heap use.
  [[nodiscard]] const Entry* find(const RequestView& request) const noexcept;
  /// All entries in true precedence order, for `routes` and `explain`.
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }

 private:
  struct Index;
  std::vector<Entry> entries_;
  std::unique_ptr<const Index> index_;
};

using HostTablePtr = std::shared_ptr<const HostTable>;

/// How a host was found; also the answer of a failed lookup.
enum class LookupOutcome : std::uint8_t { Found, NoHost, NoRoute };
struct Lookup {
  LookupOutcome outcome = LookupOutcome::NoHost;
  const Entry* entry = nullptr;
  std::string_view host_pattern;  ///< "shop.example.com", "*.example.com" or "*"
};

/// Precedence of host patterns: exact names in order of text, then wildcards longest first, then "*".
[[nodiscard]] bool precedes_host(std::string_view a, std::string_view b) noexcept;

class ListenerTable {
 public:
  /// Pattern: lower-case host, "*.suffix", or "*" for routes and listeners without hostname.
  explicit ListenerTable(std::vector<std::pair<std::string, HostTablePtr>> hosts);
  ListenerTable(const ListenerTable&) = delete;
  ListenerTable& operator=(const ListenerTable&) = delete;
  ~ListenerTable();

  [[nodiscard]] Lookup find(const RequestView& request) const noexcept;
  /// Patterns in precedence order (exact by name, then wildcards longest first, then "*").
  [[nodiscard]] const std::vector<std::pair<std::string, HostTablePtr>>& hosts() const noexcept { return hosts_; }

 private:
  struct Index;
  std::vector<std::pair<std::string, HostTablePtr>> hosts_;
  std::unique_ptr<const Index> index_;
};

/// What a listener does with a connection, or with datagrams. Where TLS passes through, the ClientHello alone is read.
enum class Protocol : std::uint8_t { Http, Https, TlsPassthrough, TlsTerminate, Tcp, Udp };
/// Clients speak TLS with the listener itself.
[[nodiscard]] constexpr bool ends_tls(Protocol protocol) noexcept {
  return protocol == Protocol::Https || protocol == Protocol::TlsTerminate;
}

/// A route of connections or datagrams has one entry per host, without conditions: the entry of least Rank, the oldest
/// route, takes all.
struct Listener {
  ListenerId id;
  std::string gateway;            ///< "namespace/name"
  std::string name;               ///< listener name
  std::string hostname;           ///< lower case; "*" if none
  std::uint16_t port = 0;         ///< spec port
  std::uint16_t public_port = 0;  ///< the port clients use and redirects show: spec port plus `--port-offset`
  Protocol protocol = Protocol::Http;
  std::shared_ptr<const ListenerTable> table;
  std::shared_ptr<const runtime::Certificate> client_certificate{};  ///< shown to backends that ask for one over TLS
};

/// The listeners of one bound socket.
class PortTable {
 public:
  explicit PortTable(std::vector<Listener> listeners);
  PortTable(const PortTable&) = delete;
  PortTable& operator=(const PortTable&) = delete;
  ~PortTable();

  /// The listener that owns `host` (lower case, no port): most specific hostname wins; nullptr if none.
  [[nodiscard]] const Listener* find_listener(std::string_view host) const noexcept;
  [[nodiscard]] const std::vector<Listener>& listeners() const noexcept { return listeners_; }

 private:
  struct Index;
  std::vector<Listener> listeners_;
  std::unique_ptr<const Index> index_;
};

class RoutingTable {
 public:
  RoutingTable() = default;
  explicit RoutingTable(std::vector<std::shared_ptr<const PortTable>> ports) : ports_(std::move(ports)) {}
  [[nodiscard]] const PortTable* find_port(SocketId socket) const noexcept {
    return socket.index() < ports_.size() ? ports_[socket.index()].get() : nullptr;
  }
  [[nodiscard]] const std::vector<std::shared_ptr<const PortTable>>& ports() const noexcept { return ports_; }

 private:
  std::vector<std::shared_ptr<const PortTable>> ports_;
};

}  // namespace pintle::route
