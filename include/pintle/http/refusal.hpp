// Why a message was not taken. A message is understood or refused, never repaired (rule R): every refusal but 417 ends
// the connection after the answer, and nothing of the message was sent upstream.
#pragma once
#include <cstdint>
#include <string_view>

#include <pintle/base/reason.hpp>

namespace pintle::http {

struct Refusal {
  std::uint16_t status = 0;            ///< 0: nothing was refused
  Reason reason = Reason::BadRequest;  ///< label of counters and the access log
  std::uint8_t requirement = 0;        ///< number in docs/security-requirements
  std::string_view detail{};           ///< static storage; never bytes of the message

  [[nodiscard]] explicit operator bool() const noexcept { return status != 0; }
};

[[nodiscard]] constexpr Refusal bad_request(std::uint8_t requirement, std::string_view detail) noexcept {
  return {400, Reason::BadRequest, requirement, detail};
}

}  // namespace pintle::http
