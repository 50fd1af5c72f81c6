// Exchange: what is told of it when it has ended.
#include "dataplane/net/tls.hpp"
#include "dataplane/proxy/exchange.hpp"

namespace pintle::proxy {
namespace {

std::string_view value_of(const http::HeaderView& headers, http::HeaderId id) noexcept {
  const http::Field* field = headers.find(id);
  return field == nullptr ? std::string_view() : headers.value(*field);
}

/// "00-<32 hex>-<16 hex>-<2 hex>" of W3C Trace Context; other versions are taken if they begin the same way.
struct TraceParent {
  std::string_view trace_id;
  std::string_view span_id;
};
TraceParent read_trace_parent(std::string_view text) noexcept {
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  if (text.substr(0, 55).find_first_not_of("0123456789abcdef-") != std::string_view::npos) return {};
  return {text.substr(3, 32), text.substr(36, 16)};
}

}  // namespace

/// What only a log wants, and what has to be searched for or asked of TLS.
void Exchange::add_details(observe::RequestRecord& record) const {
  const TraceParent trace = read_trace_parent(value_of(request.headers, http::HeaderId::Traceparent));
  record.request_id = value_of(request.headers, http::HeaderId::XRequestId);
  record.trace_id = trace.trace_id;
  record.span_id = trace.span_id;
  record.method_text = request.method_text;
  record.server_address = request.host();
  record.server_port = listener_ != nullptr ? listener_->public_port : session_->bound_socket().address.port;
  record.path = request.path;
  record.query = request.query;
  record.user_agent = value_of(request.headers, http::HeaderId::UserAgent);
  record.client = client_;
  record.peer = session_->carrier().peer();
  if (const net::TlsStream* tls = session_->carrier().tls()) {
    const std::string_view version = tls->version();
    record.tls_version = version.starts_with("TLSv") ? version.substr(4) : version;
    record.tls_server_name = tls->sni();
  }
  record.upstream_address = attempts_ > 0 ? &upstream_address_ : nullptr;
  if (upstream_status_ != 0)
    record.upstream_version = upstream_is_stream_ ? http::Version::Http2 : http::Version::Http11;
  record.attempts = attempts_;
  record.upstream_connect = connect_time_;
  if (first_byte_at_ != Monotonic{}) record.upstream_first_byte = first_byte_at_ - chosen_at_;
  record.reason_detail = detail_;
  record.generation = snapshot_->generation;
}

void Exchange::report() {
  observe::WorkerSink* const sink = shared_.context.observe;
  if (sink == nullptr) return;
  observe::RequestRecord record;
  record.method = request.method;
  record.scheme = session_->bound_socket().protocol;
  record.version = request.version;
  record.request_body_bytes = request_body_.payload_bytes();
  record.status = status_;
  record.response_body_bytes = sent_body_;
  record.listener = listener_;
  record.rule = rule_;
  record.backend = backend_;
  record.upstream_status = upstream_status_;
  record.started = started_;
  record.ended = shared_.context.now();
  if (chosen_at_ != Monotonic{}) record.upstream_time = record.ended - chosen_at_;
  record.reason = reason_;
  if (sink->looks_at_details()) add_details(record);
  sink->on_request(record);
}

}  // namespace pintle::proxy
