#include <array>
#include <cstddef>
#include <cstring>

#include <pintle/http/headers.hpp>

#include "src/http/bytes.hpp"

namespace pintle::http {
namespace {

constexpr std::size_t id_count = static_cast<std::size_t>(HeaderId::Count);
constexpr std::size_t max_known_length = 21;

constexpr std::array<std::string_view, id_count> spellings = {
    "",
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Real-IP",
    "Authorization",
    "Cookie",
    "Set-Cookie",
    "Content-Type",
    "Content-Encoding",
    "Date",
    "Server",
    "Location",
    "User-Agent",
    "Accept",
    "Accept-Encoding",
    "Referer",
    "Origin",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Via",
    "X-Request-Id",
    "traceparent",
};
static_assert(!spellings.back().empty(), "every id has a spelling");

struct Known {
  std::array<char, 24> lower{};
  std::uint8_t length = 0;
  HeaderId id = HeaderId::Other;
};

/// First byte, fourth byte from the end and length tell all known names apart; the multipliers are searched below so
/// that no two share a slot. A lookup is one slot and one comparison.
struct Slots {
  static constexpr std::size_t count = 256;
  std::array<Known, count> entries{};
  unsigned first_factor = 0;
  unsigned late_factor = 0;

  [[nodiscard]] constexpr std::size_t slot_of(const char* name, std::size_t length) const noexcept {
    const unsigned first = static_cast<unsigned char>(name[0]) | 0x20U;
    const unsigned late = static_cast<unsigned char>(name[length < 4 ? 0 : length - 4]) | 0x20U;
    return (first * first_factor + late * late_factor + length) % count;
  }
};
consteval bool fill(Slots& slots) {
  slots.entries = {};
  for (std::size_t id = 1; id < id_count; ++id) {
    const std::string_view name = spellings[id];
    Known& entry = slots.entries[slots.slot_of(name.data(), name.size())];
    if (entry.length != 0) return false;
    for (std::size_t i = 0; i < name.size(); ++i) entry.lower[i] = to_lower(name[i]);
    entry.length = static_cast<std::uint8_t>(name.size());
    entry.id = static_cast<HeaderId>(id);
  }
  return true;
}
consteval Slots make_slots() {
  Slots slots;
  for (slots.first_factor = 1; slots.first_factor < 64; slots.first_factor += 2) {
    for (slots.late_factor = 1; slots.late_factor < 64; slots.late_factor += 2) {
      if (fill(slots)) return slots;
    }
  }
  slots.first_factor = 0;
  return slots;
}
constexpr Slots slots = make_slots();
static_assert(slots.first_factor != 0, "no multipliers keep the known names apart: take another byte into slot_of");

template <class Word>
Word load_folded(const char* p) noexcept {
  Word word;
  std::memcpy(&word, p, sizeof word);
  return word | static_cast<Word>(0x2020202020202020U);
}
template <class Word>
bool words_equal(const char* name, const char* lower, std::size_t length) noexcept {
  for (std::size_t i = 0; i + sizeof(Word) < length; i += sizeof(Word)) {
    if (load_folded<Word>(name + i) != load_folded<Word>(lower + i)) return false;
  }
  const std::size_t last = length - sizeof(Word);  // may overlap the word before
  return load_folded<Word>(name + last) == load_folded<Word>(lower + last);
}
/// Known names are letters and '-'. Bit 0x20 folds case; the only other byte it folds to '-' is CR, in no field name.
bool is_known(const char* name, const char* lower, std::size_t length) noexcept {
  if (length >= 8) return words_equal<std::uint64_t>(name, lower, length);
  if (length >= 4) return words_equal<std::uint32_t>(name, lower, length);
  return words_equal<std::uint16_t>(name, lower, length);
}

}  // namespace

HeaderId find_header_id(std::string_view name) noexcept {
  const std::size_t length = name.size();
  if (length < 2 || length > max_known_length) return HeaderId::Other;
  const Known& entry = slots.entries[slots.slot_of(name.data(), length)];
  if (entry.length != length || !is_known(name.data(), entry.lower.data(), length)) return HeaderId::Other;
  return entry.id;
}

std::string_view header_name(HeaderId id) noexcept {
  const auto index = static_cast<std::size_t>(id);
  return index < id_count ? spellings[index] : std::string_view{};
}

bool name_equals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  if (std::memcmp(a.data(), b.data(), a.size()) == 0) return true;  // nearly always the spelling is the usual one
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

const Field* HeaderView::find(std::string_view wanted) const noexcept {
  for (const Field& field : fields) {
    if (field.name_length == wanted.size() && name_equals(name(field), wanted)) return &field;
  }
  return nullptr;
}

}  // namespace pintle::http
