// Exchange: copies of the request for the mirrors of the rule and of the backendRef. They get what the backend gets,
// once, whatever becomes of the tries; what they do with it is theirs (HTTPRequestMirrorFilter).
#include <array>

#include "dataplane/proxy/exchange.hpp"
#include "dataplane/proxy/framing.hpp"

namespace pintle::proxy {

/// A connection that changes its protocol has no copy.
void Exchange::start_mirrors() {
  if (request.upgrade != http::Upgrade::None) return;
  const auto& backends = snapshot_->endpoints->backends;
  for (const route::MessageFilters* filters : {&rule_->filters, &backend_->filters}) {
    if (!filters->mirrors) continue;
    for (const route::Mirror& mirror : *filters->mirrors) {
      if (shared_.context.random.below(mirror.denominator) >= mirror.numerator) continue;
      const std::size_t index = mirror.backend.index();
      if (index >= backends.size() || !backends[index]) continue;
      edit_request_head();
      std::array<iovec, http1::max_head_pieces> pieces;
      const std::size_t count = shared_.edits.to_iovecs(pieces);
      const auto started = SideRequest::start(shared_,
                                              {.backend = mirror.backend,
                                               .endpoints = backends[index],
                                               .method = request.method,
                                               .certificate = listener_->client_certificate},
                                              std::span<const iovec>(pieces).first(count));
      if (started) mirrors_.push_back(*started);
    }
  }
  // What was read already, for an authorization server, is read by nobody again.
  if (first_taken_ || (request.body.empty() && request.body.kind != http::BodyKind::Chunked))
    mirror_body(first_payload_);
}

/// Payload as it is read from the client, each piece once.
void Exchange::mirror_body(std::span<const char> payload) {
  std::array<iovec, max_pieces> pieces;
  Framing framing;
  const bool last = request_body_.done();
  const std::size_t count = framing.frame(request.body.kind, payload, last ? Position::Last : Position::Middle,
                                          http::HeaderView{}, pieces, 0);
  for (SideRequest* mirror : mirrors_) {
    if (count > 0) mirror->write(std::span<const iovec>(pieces).first(count));
    if (last) mirror->finish();
  }
  if (last) mirrors_.clear();
}

/// The rest of the request will never come.
void Exchange::drop_mirrors() {
  for (SideRequest* mirror : mirrors_) mirror->abandon();
  mirrors_.clear();
}

}  // namespace pintle::proxy
