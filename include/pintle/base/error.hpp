// I/O errors as values. Three channels, never mixed: user configuration ends as a Problem (a condition on an
// object), I/O ends as an Error, a bug ends the process. An Error knows whose fault it is and whether trying again is
// safe.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pintle {

enum class ErrorCode : std::uint8_t {
  // bytes of a peer
  Malformed,
  TooLarge,
  Unsupported,
  // sockets
  ConnectFailed,
  Closed,
  Reset,
  Timeout,
  TlsFailed,
  // local resources and files
  AddressInUse,
  PermissionDenied,
  NoSuchFile,
  Exhausted,
  InvalidArgument,
  Unreachable,
  Internal,
};

enum class Side : std::uint8_t { Downstream, Upstream, Internal };
enum class Retry : std::uint8_t { Never, Always, IfReused };

struct Error {
  ErrorCode code = ErrorCode::Internal;
  Side side = Side::Internal;
  Retry retry = Retry::Never;
  std::string context;  ///< for people: what was tried, on what, and the way out; never holds bytes of a message
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> make_error(ErrorCode code, std::string context, Side side = Side::Internal,
                                                       Retry retry = Retry::Never) {
  return std::unexpected(Error{code, side, retry, std::move(context)});
}
[[nodiscard]] std::string_view to_string(ErrorCode code) noexcept;

}  // namespace pintle
