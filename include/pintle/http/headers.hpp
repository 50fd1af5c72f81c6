// Header fields as views into the bytes they were received in: 16 bytes a field, no map, no copy.
//   Field {name_offset u32, value_offset u32, value_length u32, name_length u16, id u16}
// Offsets count from HeaderView::base. Names keep the sender's spelling; compare with name_equals or by id.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace pintle::http {

/// Fields the gateway itself looks at. Everything else is Other and compared by name.
enum class HeaderId : std::uint16_t {
  Other,
  Host,
  ContentLength,
  TransferEncoding,
  Connection,
  KeepAlive,
  ProxyConnection,
  ProxyAuthenticate,
  ProxyAuthorization,
  Te,
  Trailer,
  Upgrade,
  Expect,
  Forwarded,
  XForwardedFor,
  XForwardedProto,
  XForwardedHost,
  XForwardedPort,
  XRealIp,
  Authorization,
  Cookie,
  SetCookie,
  ContentType,
  ContentEncoding,
  Date,
  Server,
  Location,
  UserAgent,
  Accept,
  AcceptEncoding,
  Referer,
  Origin,
  SecWebSocketKey,
  SecWebSocketVersion,
  SecWebSocketAccept,
  Via,
  XRequestId,
  Traceparent,
  Count,
};

/// Case-free; Other if not in the list.
[[nodiscard]] HeaderId find_header_id(std::string_view name) noexcept;
/// The common spelling, e.g. "X-Forwarded-For". Empty for Other.
[[nodiscard]] std::string_view header_name(HeaderId id) noexcept;
/// Case-free comparison of field names (ASCII).
[[nodiscard]] bool name_equals(std::string_view a, std::string_view b) noexcept;

struct Field {
  std::uint32_t name_offset = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t value_length = 0;
  std::uint16_t name_length = 0;
  HeaderId id = HeaderId::Other;
};
static_assert(sizeof(Field) == 16);

struct HeaderView {
  const char* base = nullptr;
  std::span<const Field> fields;

  [[nodiscard]] std::string_view name(const Field& f) const noexcept { return {base + f.name_offset, f.name_length}; }
  [[nodiscard]] std::string_view value(const Field& f) const noexcept {
    return {base + f.value_offset, f.value_length};
  }
  /// First field with this id, or nullptr.
  [[nodiscard]] const Field* find(HeaderId id) const noexcept {
    for (const Field& f : fields)
      if (f.id == id) return &f;
    return nullptr;
  }
  /// First field with this name (case-free), or nullptr.
  [[nodiscard]] const Field* find(std::string_view name) const noexcept;
};

}  // namespace pintle::http
