#include <array>
#include <cstddef>

#include <pintle/http/method.hpp>

namespace pintle::http {
namespace {

constexpr std::array<std::string_view, 10> names = {"",       "GET",     "HEAD",    "POST",  "PUT",
                                                    "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
static_assert(names[static_cast<std::size_t>(Method::Patch)] == "PATCH");

}  // namespace

Method find_method(std::string_view text) noexcept {
  switch (text.size()) {
    case 3:
      return text == "GET" ? Method::Get : text == "PUT" ? Method::Put : Method::Other;
    case 4:
      return text == "POST" ? Method::Post : text == "HEAD" ? Method::Head : Method::Other;
    case 5:
      return text == "PATCH" ? Method::Patch : text == "TRACE" ? Method::Trace : Method::Other;
    case 6:
      return text == "DELETE" ? Method::Delete : Method::Other;
    case 7:
      return text == "OPTIONS" ? Method::Options : text == "CONNECT" ? Method::Connect : Method::Other;
    default:
      return Method::Other;
  }
}

std::string_view method_name(Method method) noexcept { return names[static_cast<std::size_t>(method)]; }

bool is_safe(Method method) noexcept {
  return method == Method::Get || method == Method::Head || method == Method::Options || method == Method::Trace;
}

bool is_idempotent(Method method) noexcept {
  return is_safe(method) || method == Method::Put || method == Method::Delete;
}

}  // namespace pintle::http
