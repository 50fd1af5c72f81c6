#include <pintle/http/grpc.hpp>
#include <pintle/route/match.hpp>

#include "src/route/query.hpp"
#include "src/route/scratch.hpp"

namespace pintle::route {
namespace {

bool is_field(const FieldMatch& wanted, const http::HeaderView& headers, const http::Field& field) noexcept {
  if (wanted.id != http::HeaderId::Other) return field.id == wanted.id;
  return field.id == http::HeaderId::Other && field.name_length == wanted.name.size() &&
         http::name_equals(headers.name(field), wanted.name);
}

/// What stands between repeated lines of one field: a comma (RFC 9110 section 5.3), but "; " between the pieces into
/// which HTTP/2 may cut a Cookie (RFC 9113 section 8.2.3).
std::string_view separator_of(const FieldMatch& wanted) noexcept {
  return wanted.id == http::HeaderId::Cookie ? "; " : ",";
}

/// Compares a text with the joined lines, piece by piece, without joining them.
class JoinedEquals {
 public:
  explicit JoinedEquals(std::string_view expected) noexcept : rest_(expected) {}
  void take(std::string_view piece) noexcept {
    same_ = same_ && rest_.starts_with(piece);
    if (same_) rest_.remove_prefix(piece.size());
  }
  [[nodiscard]] bool holds() const noexcept { return same_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool same_ = true;
};

/// Gives the pieces of the joined value to `take`. False if the request has no such field.
template <class Take>
bool for_each_piece(const FieldMatch& wanted, const http::HeaderView& headers, Take&& take) {
  bool found = false;
  for (const http::Field& field : headers.fields) {
    if (!is_field(wanted, headers, field)) continue;
    if (found) take(separator_of(wanted));
    take(headers.value(field));
    found = true;
  }
  return found;
}

bool matches_header(const FieldMatch& wanted, const http::HeaderView& headers) noexcept {
  if (!wanted.regex) {
    JoinedEquals equals(wanted.value);
    return for_each_piece(wanted, headers, [&](std::string_view piece) { equals.take(piece); }) && equals.holds();
  }
  std::size_t pieces = 0;
  std::string_view only;
  for_each_piece(wanted, headers, [&](std::string_view piece) {
    only = piece;
    ++pieces;
  });
  if (pieces <= 1) return pieces == 1 && wanted.regex->matches(only);
  Scratch joined;
  for_each_piece(wanted, headers, [&](std::string_view piece) { joined.append(piece); });
  return wanted.regex->matches(joined.text());
}

bool matches_query(const FieldMatch& wanted, std::string_view query) noexcept {
  const std::optional<std::string_view> value = find_query_value(query, wanted.name);
  if (!value) return false;
  if (!wanted.regex) return decodes_to(*value, wanted.value);
  if (!is_encoded(*value)) return wanted.regex->matches(*value);
  Scratch decoded;
  append_decoded(decoded, *value);
  return wanted.regex->matches(decoded.text());
}

/// What a GRPCRoute asks beyond path, method and headers.
MatchResult matches_grpc(const Match& match, const RequestView& request) noexcept {
  if (match.path.kind == PathKind::Prefix && match.path.regex && !match.path.regex->matches(request.path))
    return {Condition::Path, 0};
  return {http::is_grpc(request.headers) ? Condition::None : Condition::Protocol, 0};
}

bool has_prefix(std::string_view path, std::string_view prefix) noexcept {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return true;
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

bool matches_path(const PathMatch& match, std::string_view path) noexcept {
  switch (match.kind) {
    case PathKind::Exact:
      return path == match.value;
    case PathKind::Regex:
      return match.regex && match.regex->matches(path);
    case PathKind::Prefix:
      return has_prefix(path, match.value);
  }
  return false;
}

MatchResult matches_rest(const Match& match, const RequestView& request) noexcept {
  if (match.grpc)
    if (const MatchResult result = matches_grpc(match, request); !result.matched()) return result;
  if (!match.method.empty() && match.method != request.method) return {Condition::Method, 0};
  for (std::size_t at = 0; at < match.headers.size(); ++at)
    if (!matches_header(match.headers[at], request.headers)) return {Condition::Header, static_cast<std::uint16_t>(at)};
  for (std::size_t at = 0; at < match.queries.size(); ++at)
    if (!matches_query(match.queries[at], request.query)) return {Condition::Query, static_cast<std::uint16_t>(at)};
  return {};
}

MatchResult matches_all(const Match& match, const RequestView& request) noexcept {
  if (!matches_path(match.path, request.path)) return {Condition::Path, 0};
  return matches_rest(match, request);
}

}  // namespace pintle::route
