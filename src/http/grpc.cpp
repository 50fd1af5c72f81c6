#include <charconv>

#include <pintle/http/grpc.hpp>

#include "src/http/bytes.hpp"

namespace pintle::http {
namespace {

constexpr std::string_view content_type = "application/grpc";
constexpr std::size_t most_digits = 8;

/// Nanoseconds of the unit; 0 if it is none.
std::uint64_t unit_of(char letter) noexcept {
  switch (letter) {
    case 'H':
      return 3'600'000'000'000;
    case 'M':
      return 60'000'000'000;
    case 'S':
      return 1'000'000'000;
    case 'm':
      return 1'000'000;
    case 'u':
      return 1'000;
    case 'n':
      return 1;
    default:
      return 0;
  }
}

}  // namespace

bool is_grpc(const HeaderView& headers) noexcept {
  const Field* field = headers.find(HeaderId::ContentType);
  if (field == nullptr) return false;
  const std::string_view value = headers.value(*field);
  if (value.size() < content_type.size() || !name_equals(value.substr(0, content_type.size()), content_type))
    return false;
  return value.size() == content_type.size() || value[content_type.size()] == '+' ||
         value[content_type.size()] == ';' || value[content_type.size()] == ' ';
}

std::optional<Millis> find_grpc_timeout(const HeaderView& headers) noexcept {
  const Field* field = headers.find("grpc-timeout");
  if (field == nullptr || field->value_length < 2 || field->value_length > most_digits + 1) return std::nullopt;
  const std::string_view value = headers.value(*field);
  const std::uint64_t unit = unit_of(value.back());
  std::uint64_t count = 0;
  const char* const end = value.data() + value.size() - 1;
  const auto [stop, error] = std::from_chars(value.data(), end, count);
  if (unit == 0 || error != std::errc() || stop != end) return std::nullopt;
  // Eight digits of hours are more nanoseconds than 64 bits hold.
  constexpr std::uint64_t millisecond = 1'000'000;
  if (unit >= millisecond) return Millis(count * (unit / millisecond));
  return Millis((count * unit + millisecond - 1) / millisecond);
}

GrpcStatus grpc_status_of(std::uint16_t http_status) noexcept {
  switch (http_status) {
    case 401:
      return GrpcStatus::Unauthenticated;
    case 403:
      return GrpcStatus::PermissionDenied;
    case 404:
    case 405:
      return GrpcStatus::Unimplemented;
    case 408:
    case 504:
      return GrpcStatus::DeadlineExceeded;
    case 413:
    case 431:
      return GrpcStatus::ResourceExhausted;
    case 400:
      return GrpcStatus::Internal;
    default:
      return GrpcStatus::Unavailable;
  }
}

}  // namespace pintle::http
