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

/// Which ids the fields of a head may have, and which of them more than once, so that who looks for a rare field need
/// not walk all of them. It may say yes where there is none, never the reverse: one that nobody filled in says yes to
/// all.
class FieldSummary {
 public:
  constexpr FieldSummary() noexcept = default;
  [[nodiscard]] static constexpr FieldSummary none() noexcept { return FieldSummary(0); }
  template <class... Ids>
  [[nodiscard]] static constexpr FieldSummary of(Ids... ids) noexcept {
    return FieldSummary((bit(ids) | ...));
  }
  constexpr void add(HeaderId id) noexcept {
    repeated_ |= bits_ & bit(id);
    bits_ |= bit(id);
  }
  /// A name without id that filters of names must look at: it holds '_', or begins with 'x' or 'p' (x-forwarded-,
  /// proxy).
  constexpr void add_odd_name() noexcept { bits_ |= odd_name; }
  [[nodiscard]] constexpr bool may_have(HeaderId id) const noexcept { return (bits_ & bit(id)) != 0; }
  [[nodiscard]] constexpr bool may_have_any(FieldSummary of) const noexcept { return (bits_ & of.bits_) != 0; }
  [[nodiscard]] constexpr bool may_repeat(HeaderId id) const noexcept { return (repeated_ & bit(id)) != 0; }
  [[nodiscard]] constexpr bool may_have_odd_name() const noexcept { return (bits_ & odd_name) != 0; }

 private:
  static_assert(static_cast<unsigned>(HeaderId::Count) < 64);
  static constexpr std::uint64_t odd_name = std::uint64_t{1} << 63U;
  static constexpr std::uint64_t bit(HeaderId id) noexcept { return std::uint64_t{1} << static_cast<unsigned>(id); }
  constexpr explicit FieldSummary(std::uint64_t bits) noexcept : bits_(bits), repeated_(0) {}
  std::uint64_t bits_ = ~std::uint64_t{0};
  std::uint64_t repeated_ = ~std::uint64_t{0};
};

struct HeaderView {
  const char* base = nullptr;
  std::span<const Field> fields;
  FieldSummary summary{};

  [[nodiscard]] std::string_view name(const Field& f) const noexcept { return {base + f.name_offset, f.name_length}; }
  [[nodiscard]] std::string_view value(const Field& f) const noexcept {
    return {base + f.value_offset, f.value_length};
  }
  /// First field with this id, or nullptr.
  [[nodiscard]] const Field* find(HeaderId id) const noexcept {
    if (!summary.may_have(id)) return nullptr;
    for (const Field& f : fields)
      if (f.id == id) return &f;
    return nullptr;
  }
  /// First field with this name (case-free), or nullptr.
  [[nodiscard]] const Field* find(std::string_view name) const noexcept;
};

}  // namespace pintle::http
