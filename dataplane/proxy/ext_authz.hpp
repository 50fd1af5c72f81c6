// Envoy's ext_authz protocol, version 3: the messages that Authorization/Check sends and gets. Field numbers are those
// of envoy/service/auth/v3 and envoy/config/core/v3. Internal to external_auth.
#pragma once
#include <string>
#include <string_view>

#include "dataplane/proxy/external_auth.hpp"

namespace pintle::proxy {

[[nodiscard]] std::string write_grpc_check(const route::ExternalAuth& auth, const CheckedRequest& checked);

/// The fields of a head that the gateway wrote.
template <class Visit>
void for_each_line(std::string_view head, Visit&& visit) {
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(':', at);
    if (end == std::string_view::npos || colon >= end) return;
    std::string_view value = head.substr(colon + 1, end - colon - 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    visit(head.substr(at, colon - at), value);
    at = end + 2;
  }
}

}  // namespace pintle::proxy
