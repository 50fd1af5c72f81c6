// The conditions of one HTTPRouteMatch, compiled. All conditions of a match must hold (AND); the matches of a rule are
// alternatives (OR). Immutable after construction; safe to share between threads; no heap use while matching.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>
#include <pintle/base/rare.hpp>
#include <pintle/base/shared_list.hpp>
#include <pintle/http/headers.hpp>
#include <pintle/route/rank.hpp>

namespace pintle::route {

/// RE2 in Latin-1 mode, whole-string, bounded program size (docs/decisions): linear time on any input.
class Regex {
 public:
  /// Error text names the fault for people; user input, so it ends as a condition.
  [[nodiscard]] static Result<Regex> compile(std::string_view pattern);
  [[nodiscard]] bool matches(std::string_view text) const noexcept;
  [[nodiscard]] const std::string& pattern() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

struct PathMatch {
  PathKind kind = PathKind::Prefix;
  std::string value = "/";  ///< Exact: the path. Prefix: without trailing slash except "/" itself. Regex: the pattern.
  Rare<Regex> regex;        ///< of a gRPC match it may narrow a Prefix too
};

/// A header or query-parameter condition. Exactly one of value and regex decides.
struct FieldMatch {
  std::string name;  ///< header: lower case; query: as written (case-sensitive)
  http::HeaderId id = http::HeaderId::Other;
  std::string value;
  Rare<Regex> regex;
};

struct Match {
  PathMatch path;
  bool grpc = false;   ///< of a GRPCRoute: the request's content type must be that of gRPC
  std::string method;  ///< empty: any
  SharedList<FieldMatch> headers;
  SharedList<FieldMatch> queries;
  Rank rank;
};

/// What matching looks at. Views live as long as the request head.
struct RequestView {
  std::string_view host;  ///< lower case, no port, no trailing dot; may be empty (HTTP/1.0 without Host)
  std::string_view method;
  std::string_view path;   ///< normalised (http/target.hpp)
  std::string_view query;  ///< without '?'
  http::HeaderView headers;
};

/// The first condition that failed, in the order path, protocol, method, headers, queries.
enum class Condition : std::uint8_t { None, Path, Protocol, Method, Header, Query };
struct MatchResult {
  Condition failed = Condition::None;
  std::uint16_t index = 0;  ///< which header or query condition
  [[nodiscard]] bool matched() const noexcept { return failed == Condition::None; }
};

[[nodiscard]] bool matches_path(const PathMatch& match, std::string_view path) noexcept;
/// Everything but what the table has looked up already of the path.
[[nodiscard]] MatchResult matches_rest(const Match& match, const RequestView& request) noexcept;
/// Path first, then the rest. What `explain` walks; the proxy reaches the same functions through the table.
[[nodiscard]] MatchResult matches_all(const Match& match, const RequestView& request) noexcept;

}  // namespace pintle::route
