// Filters of type ExternalAuth for tests.
#pragma once
#include <cstdint>

#include <pintle/route/filter.hpp>

namespace pintle::proxy {

/// A filter that asks d/auth:80 by HTTP, but for what `change` says.
template <class Change>
route::ExternalAuth auth_with(Change&& change) {
  route::ExternalAuth auth;
  auth.name = "d/auth:80";
  change(auth);
  return auth;
}
inline route::ExternalAuth http_auth() {
  return auth_with([](route::ExternalAuth&) {});
}
inline route::ExternalAuth with_body(std::uint32_t most) {
  return auth_with([most](route::ExternalAuth& auth) { auth.max_body = most; });
}

}  // namespace pintle::proxy
