// Keys of TLS session tickets (req 54): ours, made at random, rotated, never written anywhere.
// A ring is immutable; a rotation makes a new one and each worker swaps its pointer. Any thread.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>

namespace pintle::net {

inline constexpr std::chrono::hours ticket_rotation{12};

struct TicketKey {
  TicketKey() = default;
  TicketKey(const TicketKey&) = default;
  TicketKey& operator=(const TicketKey&) = default;
  ~TicketKey();  ///< wipes
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> cipher{};  ///< AES-256-CBC
  std::array<unsigned char, 32> mac{};     ///< HMAC-SHA256
};

class TicketRing {
 public:
  static constexpr std::size_t old_kept = 2;

  /// A new current key; the current key of `previous` (may be null) and all but its oldest stay good for reading.
  /// Null if the system has no randomness to give.
  [[nodiscard]] static std::shared_ptr<const TicketRing> rotate(const TicketRing* previous);
  [[nodiscard]] const TicketKey& current() const noexcept { return keys_[0]; }
  /// nullptr: not ours or too old.
  [[nodiscard]] const TicketKey* find(std::span<const unsigned char, 16> name) const noexcept;

 private:
  std::array<TicketKey, 1 + old_kept> keys_;
  std::size_t count_ = 0;
};

}  // namespace pintle::net
