// Where a command writes, and how tables look. One thread.
#pragma once
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::app {

enum class Colour : std::uint8_t { Off, On };
enum class Paint : std::uint8_t { Good, Bad, Warn, Dim, Bold };

struct Terminal {
  std::ostream& out;
  std::ostream& err;
  Colour colour = Colour::Off;

  [[nodiscard]] std::string paint(Paint paint, std::string_view text) const;
};

/// Colour on a terminal, unless NO_COLOR is set (to anything but nothing) or TERM is "dumb".
[[nodiscard]] Colour choose_colour(int descriptor);

/// Text from manifests or the network, safe to print: control characters and bytes that are no UTF-8 are escaped.
[[nodiscard]] std::string printable(std::string_view text);

/// Columns as wide as their widest cell, two blanks apart, none after the last.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) : width_(head.size()) { add(std::move(head)); }
  void add(std::vector<std::string> row);
  [[nodiscard]] bool empty() const noexcept { return rows_.size() <= 1; }
  void print(const Terminal& terminal) const;

 private:
  std::size_t width_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pintle::app
