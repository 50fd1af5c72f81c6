// The request target and the one path normaliser. What normalise_path leaves is what is matched and what is forwarded
// (req 32). Works in place: the result is never longer than the input. No heap, any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include <pintle/http/method.hpp>
#include <pintle/http/refusal.hpp>

namespace pintle::http {

enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

/// Views into the target as received (but for `path` of an absolute target without one, which is static).
struct Target {
  TargetForm form = TargetForm::Origin;
  std::string_view scheme;     ///< Absolute: as received, "http" or "https" in any case
  std::string_view authority;  ///< Absolute, Authority: as received, not checked yet
  std::string_view path;       ///< as received; "*" for Asterisk; empty for Authority
  std::string_view query;      ///< without '?'
  bool has_query = false;      ///< tells "/a?" from "/a"
};

/// Bytes and form (req 31): `*` only with OPTIONS, authority-form only with CONNECT, no '#', '\', space, byte above
/// 0x7E, no broken % escape. `method` decides which forms are open.
[[nodiscard]] Refusal parse_target(std::string_view text, Method method, Target& out) noexcept;

enum class Slashes : std::uint8_t { Merge, Keep };
enum class EscapedSlash : std::uint8_t { Keep, Refuse };
struct PathRules {
  Slashes slashes = Slashes::Merge;                 ///< "//" becomes "/"
  EscapedSlash escaped_slash = EscapedSlash::Keep;  ///< %2f and %5c are never decoded; Refuse answers 400
};

struct NormalisedPath {
  std::string_view path{};  ///< a view of the same bytes, from the same start; never longer
  bool changed = false;     ///< some byte or the length is not as it was
  Refusal refusal{};        ///< climbing above the root, %00, broken escape, not starting with '/'
};
/// Escapes of unreserved characters are decoded, the hex of others upper-cased, dot segments removed, "//" merged (req
/// 32). Idempotent (req 33). On refusal the bytes are in no particular state.
[[nodiscard]] NormalisedPath normalise_path(std::span<char> path, const PathRules& rules) noexcept;

}  // namespace pintle::http
