#include <pintle/base/error.hpp>

namespace pintle {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Malformed:
      return "malformed";
    case ErrorCode::TooLarge:
      return "too large";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::ConnectFailed:
      return "connect failed";
    case ErrorCode::Closed:
      return "closed";
    case ErrorCode::Reset:
      return "reset";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::TlsFailed:
      return "TLS failed";
    case ErrorCode::AddressInUse:
      return "address in use";
    case ErrorCode::PermissionDenied:
      return "permission denied";
    case ErrorCode::NoSuchFile:
      return "no such file";
    case ErrorCode::Exhausted:
      return "resources exhausted";
    case ErrorCode::InvalidArgument:
      return "invalid argument";
    case ErrorCode::Unreachable:
      return "unreachable";
    case ErrorCode::Internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace pintle
