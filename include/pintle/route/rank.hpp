// Precedence of one match against another, as one ordered value (Gateway API, HTTPRouteRule.matches;
// docs/architecture.md). The smaller Rank wins. Host precedence is not in it: the table looks hosts up first, most
// specific first.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace pintle::route {

/// In order of precedence.
enum class PathKind : std::uint8_t { Exact, Regex, Prefix };

struct Rank {
  PathKind path_kind = PathKind::Prefix;
  std::int32_t minus_path_length =
      0;  ///< negative length in bytes of a prefix value, so longer sorts first; 0 for a regex
  std::int32_t minus_grpc_method = 0;  ///< negative length of a gRPC method that is matched in every service
  std::uint8_t without_method = 1;     ///< 0 if the match names a method
  std::int32_t minus_header_matches = 0;
  std::int32_t minus_query_matches = 0;
  std::int64_t created_at = 0;  ///< creationTimestamp of the route, seconds since the epoch: oldest first
  std::string route;            ///< "namespace/name"
  std::uint32_t rule = 0;       ///< index in spec.rules
  std::uint32_t match = 0;      ///< index in rule.matches

  friend auto operator<=>(const Rank&, const Rank&) = default;
};

}  // namespace pintle::route
