#include "controller/source/json_scan.hpp"

#include <cstddef>

namespace pintle::source {
namespace {

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  void skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  [[nodiscard]] bool take(char wanted) noexcept {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool at_end() noexcept {
    skip_space();
    return at_ == text_.size();
  }

  /// What stands between the quotes.
  [[nodiscard]] std::optional<std::string_view> take_string() noexcept {
    if (!take('"')) return std::nullopt;
    const std::size_t from = at_;
    if (!skip_string()) return std::nullopt;
    return text_.substr(from, at_ - from - 1);
  }

  [[nodiscard]] std::optional<std::string_view> take_value() noexcept {
    skip_space();
    const std::size_t from = at_;
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char letter = text_[at_];
      if (depth == 0 && at_ > from && ends_value(letter)) break;
      ++at_;
      if (letter == '"') {
        if (!skip_string()) return std::nullopt;
      } else if (letter == '{' || letter == '[') {
        ++depth;
        continue;
      } else if (letter == '}' || letter == ']') {
        if (depth == 0) return std::nullopt;
        --depth;
      } else {
        continue;
      }
      if (depth == 0) break;
    }
    if (depth > 0 || at_ == from) return std::nullopt;
    return text_.substr(from, at_ - from);
  }

 private:
  static bool is_space(char letter) noexcept {
    return letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
  }
  /// Of a number or a word.
  static bool ends_value(char letter) noexcept {
    return letter == ',' || letter == '}' || letter == ']' || is_space(letter);
  }
  /// From behind the opening quote to behind the closing one.
  [[nodiscard]] bool skip_string() noexcept {
    while (at_ < text_.size()) {
      const char letter = text_[at_++];
      if (letter == '"') return true;
      if (letter == '\\') ++at_;  // what is escaped
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

bool for_each_member(std::string_view object, const std::function<void(std::string_view, std::string_view)>& call) {
  Scan scan(object);
  if (!scan.take('{')) return false;
  if (scan.take('}')) return scan.at_end();
  do {
    const auto key = scan.take_string();
    if (!key || !scan.take(':')) return false;
    const auto value = scan.take_value();
    if (!value) return false;
    call(*key, *value);
  } while (scan.take(','));
  return scan.take('}') && scan.at_end();
}

bool for_each_item(std::string_view array, const std::function<void(std::string_view)>& call) {
  if (array == "null") return true;
  Scan scan(array);
  if (!scan.take('[')) return false;
  if (scan.take(']')) return scan.at_end();
  do {
    const auto value = scan.take_value();
    if (!value) return false;
    call(*value);
  } while (scan.take(','));
  return scan.take(']') && scan.at_end();
}

std::string_view string_in(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  return value.substr(1, value.size() - 2);
}

std::optional<ListOutline> scan_list(std::string_view text) {
  ListOutline out;
  bool sound = true;
  bool has_items = false;
  sound = for_each_member(text,
                          [&](std::string_view key, std::string_view value) {
                            if (key == "apiVersion") out.api_version = string_in(value);
                            if (key == "kind") out.kind = string_in(value);
                            if (key == "metadata")
                              sound = for_each_member(value, [&](std::string_view name, std::string_view inside) {
                                if (name == "resourceVersion") out.version = string_in(inside);
                                if (name == "continue") out.continue_token = string_in(inside);
                              });
                            if (key == "items") {
                              has_items = true;
                              out.items.clear();
                              sound = for_each_item(value, [&](std::string_view item) { out.items.push_back(item); }) &&
                                      sound;
                            }
                          }) &&
          sound;
  if (!sound || !has_items || !out.kind.ends_with("List") || out.version.empty()) return std::nullopt;
  return out;
}

std::optional<ObjectOutline> scan_object(std::string_view text) {
  ObjectOutline out;
  bool sound = true;
  const bool whole = for_each_member(text, [&](std::string_view key, std::string_view value) {
    if (key == "apiVersion") out.api_version = string_in(value);
    if (key == "kind") out.kind = string_in(value);
    if (key != "metadata") return;
    sound = for_each_member(value, [&](std::string_view name, std::string_view inside) {
      if (name == "name") out.name = string_in(inside);
      if (name == "namespace") out.ns = string_in(inside);
      if (name == "resourceVersion") out.version = string_in(inside);
      if (name == "managedFields") out.managed_fields = inside;
    });
  });
  if (!whole || !sound) return std::nullopt;
  return out;
}

std::optional<EventOutline> scan_event(std::string_view line) {
  EventOutline out;
  const bool whole = for_each_member(line, [&](std::string_view key, std::string_view value) {
    if (key == "type") out.type = string_in(value);
    if (key == "object") out.object = value;
  });
  if (!whole || out.type.empty() || out.object.empty()) return std::nullopt;
  return out;
}

}  // namespace pintle::source
