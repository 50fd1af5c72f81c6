// Who the client is, and what the backend is told about it (req 26).
// Without trusted hops the fields a client sends about itself are replaced: X-Forwarded-For, -Proto and -Host are ours,
// every other X-Forwarded-*, X-Real-IP and Forwarded is dropped. With N trusted hops the last N entries of
// X-Forwarded-For were written by proxies we believe: the client is the first of them, they are kept and the peer is
// added; -Proto, -Host and -Port of that proxy are kept. A Forwarded that came is written anew from the same entries:
// what stood in it before them is the client's word, and a proxy that writes X-Forwarded-For may pass Forwarded on as
// it was.
#pragma once
#include <cstdint>
#include <string_view>

#include <pintle/http/request.hpp>
#include <pintle/runtime/compiled.hpp>

#include "dataplane/http1/head_edits.hpp"

namespace pintle::proxy {

struct PeerFacts {
  runtime::SocketAddress peer;
  runtime::SocketProtocol scheme = runtime::SocketProtocol::Http;
  std::uint8_t trusted_hops = 0;
};

/// The address to log and to limit by; port 0 if it comes from a field.
[[nodiscard]] runtime::SocketAddress find_client(const http::RequestHead& request, const PeerFacts& facts);

void edit_identity(const http::RequestHead& request, const PeerFacts& facts, http1::HeadEdits& edits);

}  // namespace pintle::proxy
