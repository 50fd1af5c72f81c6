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
  HeaderId id = HeaderId::Other;
};
/// Known names grouped by length: those of length n are entries[first[n]] to entries[first[n + 1]].
struct KnownNames {
  std::array<Known, id_count> entries{};
  std::array<std::uint8_t, max_known_length + 2> first{};
};
constexpr KnownNames make_known_names() {
  KnownNames names;
  std::uint8_t count = 0;
  for (std::size_t length = 0; length <= max_known_length; ++length) {
    names.first[length] = count;
    for (std::size_t id = 1; id < id_count; ++id) {
      if (spellings[id].size() != length) continue;
      for (std::size_t i = 0; i < length; ++i) names.entries[count].lower[i] = to_lower(spellings[id][i]);
      names.entries[count].id = static_cast<HeaderId>(id);
      ++count;
    }
  }
  names.first[max_known_length + 1] = count;
  return names;
}
constexpr KnownNames known_names = make_known_names();
static_assert(known_names.first[max_known_length + 1] == id_count - 1, "a known name is longer than max_known_length");

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
  for (std::size_t i = known_names.first[length]; i < known_names.first[length + 1]; ++i) {
    if (is_known(name.data(), known_names.entries[i].lower.data(), length)) return known_names.entries[i].id;
  }
  return HeaderId::Other;
}

std::string_view header_name(HeaderId id) noexcept {
  const auto index = static_cast<std::size_t>(id);
  return index < id_count ? spellings[index] : std::string_view{};
}

bool name_equals(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
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
