#include "src/app/terminal.hpp"

#include <algorithm>
#include <cstdlib>
#include <unistd.h>

#include <fmt/format.h>

namespace pintle::app {
namespace {

[[nodiscard]] std::size_t columns_of(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

/// Length of the UTF-8 sequence that starts here, or 0. Rough on purpose: it only decides what is escaped.
[[nodiscard]] std::size_t sequence_length(std::string_view rest) noexcept {
  const auto lead = static_cast<unsigned char>(rest.front());
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                             : lead >= 0xe0                ? 3
                             : lead >= 0xc2                ? 2
                                                           : 0;
  if (length == 0 || length > rest.size() || lead >= 0xf5) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(rest[i]) & 0xc0U) != 0x80U) return 0;
  if (lead == 0xc2 && static_cast<unsigned char>(rest[1]) < 0xa0) return 0;  // C1 controls
  return length;
}

}  // namespace

std::string Terminal::paint(Paint paint, std::string_view text) const {
  if (colour == Colour::Off) return std::string(text);
  constexpr const char* codes[] = {"32", "31", "33", "2", "1"};
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(paint)], text);
}

Colour choose_colour(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  if (refused != nullptr && *refused != '\0') return Colour::Off;
  const char* kind = std::getenv("TERM");
  if (kind != nullptr && std::string_view(kind) == "dumb") return Colour::Off;
  return isatty(descriptor) == 1 ? Colour::On : Colour::Off;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(text);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

void TextTable::add(std::vector<std::string> row) {
  row.resize(width_);  // what a table has no column for is not shown
  for (std::string& cell : row) cell = printable(cell);
  rows_.push_back(std::move(row));
}

void TextTable::print(const Terminal& terminal) const {
  std::vector<std::size_t> widths(width_, 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < width_; ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  bool head = true;
  for (const auto& row : rows_) {
    std::string line;
    std::size_t owed = 0;  // blanks that only come if something follows
    for (std::size_t i = 0; i < width_; ++i) {
      if (!row[i].empty()) {
        line.append(owed, ' ');
        owed = 0;
        line += row[i];
      }
      owed += widths[i] - columns_of(row[i]) + 2;
    }
    terminal.out << (head ? terminal.paint(Paint::Bold, line) : line) << '\n';
    head = false;
  }
}

}  // namespace pintle::app
