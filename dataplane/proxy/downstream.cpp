#include "dataplane/proxy/downstream.hpp"

#include <algorithm>

#include "dataplane/net/tls.hpp"

namespace pintle::proxy {

void close_connection(net::Session& session, net::Connection& connection, After after, observe::SocketSlot slot) {
  net::WorkerContext& context = session.context();
  context.poller.forget(session);
  if (after == After::Cut)
    connection.abort();
  else
    connection.close();
  if (context.observe != nullptr) context.observe->on_connection_closed(slot);
}

const route::Listener* HandshakeListener::find(const net::Connection& connection, const runtime::Compiled& compiled,
                                               const route::PortTable& table) {
  if (generation_ == compiled.generation) return listener_;
  const std::string_view hostname = connection.tls()->listener_hostname();
  const auto& listeners = table.listeners();
  // A TLSRoute's listener may have taken the hostname over meanwhile: nothing of it is HTTP.
  const auto found = std::ranges::find_if(listeners, [hostname](const route::Listener& one) {
    return one.hostname == hostname && one.protocol == route::Protocol::Https;
  });
  generation_ = compiled.generation;
  listener_ = found == listeners.end() ? nullptr : &*found;
  return listener_;
}

Downstream::Downstream(const Place& place, net::Connection&& connection)
    : shared_(place.shared),
      connection_(std::move(connection)),
      input_(place.shared.context.buffers),
      outlet_(place.shared.context.buffers),
      carrier_(place.carrier == nullptr ? &connection_ : place.carrier),
      bound_socket_(&place.socket) {}

net::IoResult Downstream::read(std::span<char> into) {
  const net::IoResult result = connection_.read(into);
  if (result.status == net::IoStatus::Ok && result.bytes == into.size()) return result;
  if (const net::TlsStream* tls = connection_.tls(); tls != nullptr && tls->peer_ended()) peer_closed_ = true;
  readable_ = result.status == net::IoStatus::Ok && peer_closed_;
  return result;
}

bool Downstream::send(std::span<const iovec> pieces) {
  const net::Sent sent = outlet_.send(connection_, pieces);
  if (sent == net::Sent::Waiting) watch_stall();
  return sent != net::Sent::Failed;
}

net::Passed Downstream::pass(const net::Connection& from, net::Pipe pipe, std::size_t most) {
  const net::Passed passed = outlet_.pass(from, connection_, std::move(pipe), most);
  if (passed.sent == net::Sent::Waiting) watch_stall();
  return passed;
}

void Downstream::watch_stall() {
  if (!stall_.is_armed()) shared_.context.arm_after(stall_, shared_.settings.timeouts.write_stall);
}

void report_refused(const net::WorkerContext& context, const Refused& refused, const net::BoundSocket& socket,
                    const net::Connection& connection) {
  if (context.observe == nullptr) return;
  observe::RequestRecord record;
  record.scheme = socket.protocol;
  record.server_port = socket.address.port;
  record.version = refused.version;
  record.status = refused.sent ? refused.refusal.status : std::uint16_t{0};
  record.response_body_bytes = refused.sent ? refused.body : 0;
  record.client = record.peer = connection.peer();
  record.started = refused.started;
  record.ended = context.now();
  record.reason = refused.refusal.reason;
  record.reason_detail = refused.refusal.detail;
  record.generation = context.current ? context.current->generation : Generation{};
  record.was_started = false;
  context.observe->on_request(record);
}

}  // namespace pintle::proxy
