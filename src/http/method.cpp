#include <array>
#include <cstddef>

#include <pintle/http/method.hpp>

namespace pintle::http {
namespace {

constexpr std::array<std::string_view, 10> names = {"",       "GET",     "HEAD",    "POST",  "PUT",
                                                    "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
static_assert(names[static_cast<std::size_t>(Method::Patch)] == "PATCH");

Method if_named(Method method, std::string_view text) noexcept {
  return method_name(method) == text ? method : Method::Other;
}

}  // namespace

Method find_method(std::string_view text) noexcept {
  switch (text.size()) {
    case 3:
      return text[0] == 'G' ? if_named(Method::Get, text) : if_named(Method::Put, text);
    case 4:
      return text[0] == 'P' ? if_named(Method::Post, text) : if_named(Method::Head, text);
    case 5:
      return text[0] == 'P' ? if_named(Method::Patch, text) : if_named(Method::Trace, text);
    case 6:
      return if_named(Method::Delete, text);
    case 7:
      return text[0] == 'O' ? if_named(Method::Options, text) : if_named(Method::Connect, text);
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
