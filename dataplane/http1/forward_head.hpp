// What a forwarded head loses and gets before any filter of a route: hop-by-hop fields (req 25, 26), one Host, one
// framing (req 17). The gateway's own fields and the filters' come after, so that no client can nominate one of them.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/http/request.hpp>

#include "dataplane/http1/head_edits.hpp"

namespace pintle::http1 {

enum class UnderscoreNames : std::uint8_t { Drop, Keep };  ///< spellings of managed fields are dropped in both cases

struct RequestForwarding {
  std::string_view host{};  ///< replaces Host (URLRewrite); empty: the request's own authority, as received
  std::optional<std::string_view> path{};  ///< replaces the path (URLRewrite, normalised by the caller); query is kept
  UnderscoreNames underscores = UnderscoreNames::Drop;
};
/// `edits` has just begun on this head. Leaves: request line in origin-form and HTTP/1.1, exactly one Host, exactly one
/// of Content-Length (canonical digits) or Transfer-Encoding (or neither), `TE: trailers` only if asked, Upgrade only
/// for WebSocket. Client identity fields (X-Forwarded-*, Forwarded, X-Real-IP) stay: trust is the proxy's to decide.
void edit_request(const http::RequestHead& request, const RequestForwarding& forwarding, HeadEdits& edits);

enum class Trailers : std::uint8_t { Drop, Forward };

/// How the answer goes to the client.
struct ResponseForwarding {
  http::Version client = http::Version::Http11;
  http::Method method = http::Method::Get;
  Trailers trailers = Trailers::Drop;  ///< Forward only where the request said `TE: trailers` (req 10)
  bool keep_alive = true;              ///< false: `Connection: close` is added
};
/// Leaves one framing that the client understands and says which: chunked bodies and bodies that end by close become
/// chunked for HTTP/1.1 and end by close for HTTP/1.0 (then keep_alive must be dropped: UntilClose is returned).
[[nodiscard]] http::BodyFraming edit_response(const http::ResponseHead& response, const ResponseForwarding& forwarding,
                                              HeadEdits& edits);

}  // namespace pintle::http1
