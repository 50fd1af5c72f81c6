// Key material: prints as "[redacted]", is wiped from memory when freed (req 58), is never copied by accident.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace pintle {

class Secret {
 public:
  Secret() = default;
  /// Takes the bytes over and wipes the argument.
  explicit Secret(std::string&& bytes);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  [[nodiscard]] std::string_view reveal() const noexcept { return bytes_; }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// Equal content, compared in constant time.
  [[nodiscard]] friend bool operator==(const Secret& a, const Secret& b) noexcept { return a.equals(b); }

 private:
  [[nodiscard]] bool equals(const Secret& other) const noexcept;
  void wipe() noexcept;
  std::string bytes_;
};

/// What stands in every output in place of a secret.
inline constexpr std::string_view redacted = "[redacted]";

}  // namespace pintle
