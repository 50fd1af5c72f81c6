// JSON text taken apart without being read: what is not ours goes back byte for byte, numbers, escapes and unknown
// fields included. Private to this module.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::status {

/// A value of a text that is_json() said yes to; views into it.
class RawJson {
 public:
  explicit RawJson(std::string_view text) : text_(text) {}
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// The member of that key; nullopt if there is none, or this is no object. The last of several, as JSON readers do.
  [[nodiscard]] std::optional<RawJson> find(std::string_view key) const;
  /// Of an array; empty if this is none.
  [[nodiscard]] std::vector<RawJson> items() const;

 private:
  std::string_view text_;
};

[[nodiscard]] bool is_json(std::string_view text);

}  // namespace pintle::status
