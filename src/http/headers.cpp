#include <array>
#include <bit>
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

/// A name as words with bit 0x20 set, which folds case. The words overlap where the name is shorter than all of them;
/// from 17 bytes on a third one is between. Names that are known are letters and '-', and the only other byte that
/// folds to
/// '-' is CR, in no field name.
struct FoldedName {
  std::uint64_t head = 0;
  std::uint64_t middle = 0;
  std::uint64_t tail = 0;

  template <class Word>
  static constexpr std::uint64_t load(const char* p) noexcept {
    Word word = 0;
    if consteval {
      for (unsigned i = 0; i < sizeof word; ++i)
        word |= static_cast<Word>(static_cast<Word>(static_cast<unsigned char>(p[i])) << (8U * i));
    } else {
      std::memcpy(&word, p, sizeof word);
    }
    return word | static_cast<Word>(0x2020202020202020U);
  }
  template <class Word>
  static constexpr FoldedName of_ends(const char* p, std::size_t length) noexcept {
    return {.head = load<Word>(p), .tail = load<Word>(p + length - sizeof(Word))};
  }
  static constexpr FoldedName of(const char* p, std::size_t length) noexcept {
    if (length >= 8) [[likely]] {
      FoldedName name = of_ends<std::uint64_t>(p, length);
      if (length > 16) name.middle = load<std::uint64_t>(p + 8);
      return name;
    }
    return length >= 4 ? of_ends<std::uint32_t>(p, length) : of_ends<std::uint16_t>(p, length);
  }
  friend constexpr bool operator==(const FoldedName&, const FoldedName&) = default;
};
static_assert(std::endian::native == std::endian::little, "FoldedName::load() at compile time counts on it");
static_assert(max_known_length <= 24, "three words do not cover a longer name");

struct Known {
  FoldedName name;
  std::uint32_t length = 0;
  HeaderId id = HeaderId::Other;
};
static_assert(sizeof(Known) == 32);

consteval std::array<FoldedName, id_count> fold_spellings() {
  std::array<FoldedName, id_count> folded;
  for (std::size_t id = 1; id < id_count; ++id) folded[id] = FoldedName::of(spellings[id].data(), spellings[id].size());
  return folded;
}
constexpr std::array<FoldedName, id_count> folded_spellings = fold_spellings();

/// Every known name has a slot of its own, so that a lookup is one slot and one comparison: factors are tried until
/// one gives no slot twice.
constexpr unsigned slot_bits = 8;
constexpr std::size_t slot_of(const FoldedName& name, std::uint64_t factor) noexcept {
  return static_cast<std::size_t>(((name.head ^ (name.tail >> 3U)) * factor) >> (64U - slot_bits));
}
consteval bool separates(std::uint64_t factor) {
  std::array<bool, std::size_t{1} << slot_bits> used{};
  for (std::size_t id = 1; id < id_count; ++id) {
    bool& slot = used[slot_of(folded_spellings[id], factor)];
    if (slot) return false;
    slot = true;
  }
  return true;
}
consteval std::uint64_t find_factor() {
  std::uint64_t factor = 0x9E3779B97F4A7C15U;
  while (!separates(factor)) factor = factor * 0xD1342543DE82EF95U + 2;
  return factor;
}
constexpr std::uint64_t slot_factor = find_factor();

consteval std::array<Known, std::size_t{1} << slot_bits> make_slots() {
  std::array<Known, std::size_t{1} << slot_bits> slots{};
  for (std::size_t id = 1; id < id_count; ++id) {
    slots[slot_of(folded_spellings[id], slot_factor)] = {.name = folded_spellings[id],
                                                         .length = static_cast<std::uint32_t>(spellings[id].size()),
                                                         .id = static_cast<HeaderId>(id)};
  }
  return slots;
}
constexpr auto slots = make_slots();

}  // namespace

HeaderId find_header_id(std::string_view name) noexcept {
  const std::size_t length = name.size();
  if (length < 2 || length > max_known_length) return HeaderId::Other;
  const FoldedName folded = FoldedName::of(name.data(), length);
  const Known& entry = slots[slot_of(folded, slot_factor)];
  return entry.length == length && entry.name == folded ? entry.id : HeaderId::Other;
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
