// From a request of the admin address to its answer, without sockets. Internal.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "src/admin/admin.hpp"

namespace pintle::admin {

enum class Binding : std::uint8_t { Loopback, Open };

struct AdminRequest {
  std::string_view method;
  std::string_view target;  ///< path and query
  std::string_view host;    ///< the Host field
  Binding binding = Binding::Loopback;
};
struct AdminResponse {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body;
};
[[nodiscard]] AdminResponse respond(const Sources& sources, const AdminRequest& request);

}  // namespace pintle::admin
