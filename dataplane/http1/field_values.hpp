// Values of the fields that frame a message, and comma-separated lists. Internal to http1.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/http/request.hpp>

namespace pintle::http1 {

/// Digits only, at most 2^63-1 (req 4); leading zeros mean nothing.
[[nodiscard]] std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept;

/// Elements of a list (RFC 9110 section 5.6.1), blanks trimmed, empty ones skipped. Quoted strings are not understood.
class ListReader {
 public:
  explicit ListReader(std::string_view value) noexcept : rest_(value) {}
  /// False at the end.
  [[nodiscard]] bool next(std::string_view& element) noexcept;

 private:
  std::string_view rest_;
};

/// What the Connection fields say.
struct ConnectionTokens {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool te = false;
};
/// Adds one Connection value. False if it is no list of tokens, or if all of them together are more than max_tokens.
/// Fields it nominates are put into `nominated`, but for those no peer may have removed (is_protected_field):
/// those set `nominates_protected`.
class ConnectionReader {
 public:
  static constexpr std::size_t max_tokens = 64;  // each is compared with every field
  ConnectionReader(const http::HeaderView& headers, http::FieldSet& nominated) noexcept
      : headers_(headers), nominated_(nominated) {}
  [[nodiscard]] bool read(std::string_view value) noexcept;
  [[nodiscard]] const ConnectionTokens& tokens() const noexcept { return tokens_; }
  [[nodiscard]] bool nominates_protected() const noexcept { return nominates_protected_; }

 private:
  void nominate(std::string_view name) noexcept;
  http::HeaderView headers_;
  http::FieldSet& nominated_;
  ConnectionTokens tokens_;
  std::size_t count_ = 0;
  bool nominates_protected_ = false;
};

/// Fields a Connection field can never have removed (req 25).
[[nodiscard]] bool is_protected_field(http::HeaderId id) noexcept;

}  // namespace pintle::http1
