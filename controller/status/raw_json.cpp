#include "controller/status/raw_json.hpp"

#include <nlohmann/json.hpp>

namespace pintle::status {
namespace {

bool is_space(char letter) noexcept { return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r'; }

/// Steps over the values of a text known to be JSON. Its depth costs no stack.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) { skip_space(); }

  [[nodiscard]] bool at_end() const noexcept { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }
  bool take(char letter) {
    if (peek() != letter) return false;
    ++at_;
    skip_space();
    return true;
  }
  std::string_view take_value() {
    const std::size_t from = at_;
    std::size_t depth = 0;
    do {
      const char letter = peek();
      if (letter == '"') {
        skip_string();
      } else {
        if (letter == '{' || letter == '[') ++depth;
        if (letter == '}' || letter == ']') --depth;
        ++at_;
      }
    } while (!at_end() && (depth > 0 || !ends_scalar(from)));
    const std::string_view value = text_.substr(from, at_ - from);
    skip_space();
    return value;
  }

 private:
  /// A string or a bracketed value ends with its last letter, a number or word before a letter that ends it.
  [[nodiscard]] bool ends_scalar(std::size_t from) const noexcept {
    const char first = text_[from];
    if (first == '"' || first == '{' || first == '[') return true;
    const char next = peek();
    return is_space(next) || next == ',' || next == ']' || next == '}';
  }
  void skip_string() {
    for (++at_; !at_end() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }
  void skip_space() {
    while (!at_end() && is_space(text_[at_])) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_json(std::string_view text) { return nlohmann::json::accept(text); }

std::optional<RawJson> RawJson::find(std::string_view key) const {
  std::optional<RawJson> found;
  Walk walk(text_);
  if (!walk.take('{')) return found;
  while (!walk.at_end() && walk.peek() != '}') {
    const std::string_view name = walk.take_value();
    walk.take(':');
    const std::string_view value = walk.take_value();
    // Keys of the API have no letter that must be escaped.
    if (name.size() == key.size() + 2 && name.substr(1, key.size()) == key) found.emplace(value);
    walk.take(',');
  }
  return found;
}

std::vector<RawJson> RawJson::items() const {
  std::vector<RawJson> list;
  Walk walk(text_);
  if (!walk.take('[')) return list;
  while (!walk.at_end() && walk.peek() != ']') {
    list.emplace_back(walk.take_value());
    walk.take(',');
  }
  return list;
}

}  // namespace pintle::status
