// What became of a published generation: input of finish_status, so that Programmed is true only when it is.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <pintle/base/error.hpp>
#include <pintle/base/ids.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::runtime {

struct SocketResult {
  SocketId socket;
  SocketAddress address;
  std::optional<Error> error;  ///< AddressInUse, PermissionDenied, ...; nullopt: bound and accepting
};

struct ApplyReport {
  Generation generation;
  std::vector<SocketResult> sockets;
  std::uint32_t workers = 0;       ///< how many there are
  std::uint32_t acknowledged = 0;  ///< how many serve this generation
  [[nodiscard]] bool complete() const noexcept { return workers > 0 && acknowledged == workers; }
};

}  // namespace pintle::runtime
