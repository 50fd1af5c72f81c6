// One request and its answer: route, filters, one backend after another, both bodies, the record at the end.
//
//             begin ── route ──> own answer ─────────────────────────────────────────────┐
//                        └─ (ask the authorization server) ─> acquire Link ──> head + body up  (pump_request) ├──>
//                        finish: record, Link back
//                                   ^   │                                                │    to the pool, session told
//                                   └───┤ retry: stale pooled connection, failed connect │
//                                       └──> interim heads, head, body down (pump_response) ──> or: tunnel
//
// Guarantees: one generation from begin to finish; a try is repeated only where no byte of an answer came and either
// nothing of the request was sent or its method is idempotent, and within the budget (req 78); an answer cut upstream
// is cut downstream (req 21); a Link that carried an upgrade, has bytes left or was told to close is never pooled (req
// 19, 37). Every private function that may end the exchange is followed by a look at alive(). Worker thread; pooled.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <pintle/route/lookup.hpp>

#include "dataplane/http1/body_reader.hpp"
#include "dataplane/http1/forward_head.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/net/outlet.hpp"
#include "dataplane/net/read_buffer.hpp"
#include "dataplane/observe/record.hpp"
#include "dataplane/proxy/auth_check.hpp"
#include "dataplane/proxy/client_identity.hpp"
#include "dataplane/proxy/downstream.hpp"
#include "dataplane/proxy/own_answer.hpp"
#include "dataplane/proxy/shared.hpp"
#include "dataplane/proxy/side_request.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::proxy {

/// No endpoint could be reached, which may be otherwise soon.
[[nodiscard]] constexpr bool is_connect_failure(Reason reason) noexcept {
  return reason == Reason::ConnectFailed || reason == Reason::NoHealthyEndpoint;
}

class Exchange final : public upstream::LinkUser, public AuthCheck::User {
 public:
  explicit Exchange(Shared& shared);

  /// The session parses into these before begin().
  http::RequestHead request;
  http1::RequestFields request_fields;

  /// `head`: the bytes of the request head, from the request line on, in the session's input; what follows them there
  /// is body or the next request.
  void begin(Downstream& session, std::span<char> head, Monotonic started);
  /// The client's socket became readable or writable.
  void on_downstream_events();
  /// The client is gone: reset, or closed in both directions.
  void on_downstream_lost();
  /// The session is told to end now, whatever is in flight.
  void cancel(Reason reason);

 private:
  // LinkUser
  void on_link_open(upstream::Link& link) override;
  void on_link_failed(Reason reason, std::string_view detail) override;
  void on_link_events(std::uint32_t events) override;
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate() const override {
    return listener_->client_certificate;
  }
  [[nodiscard]] upstream::Speaks speaks() const noexcept override {
    return request.upgrade == http::Upgrade::None ? upstream::Speaks::Either : upstream::Speaks::Http1;
  }

  enum class Phase : std::uint8_t {
    Checking,    ///< waiting for an authorization server
    Connecting,  ///< waiting for a Link
    Head,        ///< the request goes up, no final head has come
    Body,        ///< the answer goes down
    Tunnel       ///< after 101: bytes both ways
  };
  /// What a piece of payload is sent with.
  enum class Opening : std::uint8_t {
    None,       ///< payload alone
    EditedHead  ///< the head in shared_.edits goes before it
  };
  [[nodiscard]] bool alive() const noexcept { return session_ != nullptr; }
  void reset() noexcept;

  // exchange.cpp: what to do with the request, and the end
  void route_request();
  void act();
  void choose_backend(const route::Forward& forward);
  void send_on();
  void arm_request_deadline(Millis limit);
  void arm_rule_deadline();
  void note_grpc_timeout();
  [[nodiscard]] bool rewrite_target();
  void redirect(const route::Redirect& redirect);
  [[nodiscard]] const route::Cors* cors() const noexcept;
  [[nodiscard]] bool answer_preflight(const route::MessageFilters& filters);
  void answer(OwnAnswer own);
  void fail(std::uint16_t status, Reason reason, std::string_view detail);
  void cut(Reason reason, std::string_view detail);
  void finish(After after);
  [[nodiscard]] After after_last() const noexcept;
  void drop_link() noexcept;
  void on_request_deadline();
  [[nodiscard]] bool is_out_of_time() const noexcept;
  void on_try_deadline();

  // exchange_session.cpp: to the endpoint that the client's session is at
  [[nodiscard]] const route::WeightedBackend* find_session(const route::Forward& forward);
  [[nodiscard]] const route::WeightedBackend* find_pinned(const route::Forward& forward, const SessionContent& session);
  void begin_session(http1::HeadEdits& edits);

  // exchange_auth.cpp: authorization servers
  void begin_check(const route::ExternalAuth& auth);
  void refuse_unseen_body();
  void read_body_to_check();
  void ask_server();
  void on_checked(const AuthVerdict& verdict) override;
  void answer_denied(const AuthVerdict& verdict);
  void apply_checked_edits();

  // exchange_mirror.cpp: copies for other backends
  void start_mirrors();
  void mirror_body(std::span<const char> payload);
  void drop_mirrors();

  // exchange_retry.cpp: another try by the rule's word
  [[nodiscard]] bool take_from_budget();
  [[nodiscard]] bool try_again(Reason why);
  void keep_for_retry(std::span<const char> payload);
  void on_retry_wait_over();

  // exchange_request.cpp: towards the backend
  void try_backend(upstream::Reuse reuse);
  [[nodiscard]] bool retry_on_fresh_link();
  void send_request();
  void edit_request_head();
  [[nodiscard]] bool take_first_payload();
  void pump_request();
  [[nodiscard]] bool read_request_body();
  [[nodiscard]] std::optional<std::span<const char>> read_payload(std::span<char> room);
  [[nodiscard]] PeerFacts peer_facts() const noexcept;
  [[nodiscard]] bool write_head_in_place(iovec& piece) noexcept;
  [[nodiscard]] bool send_up(Opening opening, std::span<const char> payload);
  void mark_link_broken() noexcept;
  void refuse_body(const http::Refusal& refusal);
  void note_sent_up(net::Sent sent);
  void watch_body();
  [[nodiscard]] bool may_be_silent() const noexcept;
  void on_body_check();
  void on_continue_deadline();
  [[nodiscard]] bool send_continue();

  // exchange_response.cpp: towards the client
  void pump_response();
  void read_response_head();
  [[nodiscard]] bool take_response_head();
  [[nodiscard]] bool pass_interim(std::string_view head);
  void pass_final(std::string_view head);
  void read_response_body();
  void send_down(Opening opening, std::span<char> input);
  void on_link_ended(net::IoStatus how);
  void complete_response(std::size_t unread);
  void note_sent_down();
  [[nodiscard]] net::IoResult read_link(std::span<char> into);
  // exchange_pass.cpp: bodies that pass uncopied
  [[nodiscard]] net::Pipe take_pipe(const http1::BodyReader& body) const;
  [[nodiscard]] bool pass_request_body(net::Pipe pipe);
  void pass_response_body(net::Pipe pipe);
  // exchange_tunnel.cpp
  void open_tunnel(std::string_view head);
  void pump_tunnel();
  [[nodiscard]] bool pump_up_tunnel();
  [[nodiscard]] bool pump_down_tunnel();
  void on_tunnel_idle();

  // exchange_record.cpp
  void report();
  void add_details(observe::RequestRecord& record) const;

  Shared& shared_;
  Downstream* session_ = nullptr;
  net::SnapshotRef snapshot_;
  std::span<char> head_{};
  Phase phase_ = Phase::Connecting;

  // the decision
  const route::Listener* listener_ = nullptr;
  const route::Match* match_ = nullptr;
  const route::Rule* rule_ = nullptr;
  const route::WeightedBackend* backend_ = nullptr;
  const std::shared_ptr<const runtime::Backend>* endpoints_ = nullptr;  ///< in the generation's EndpointSet
  std::optional<runtime::SocketAddress> pinned_;                        ///< of the client's session
  bool name_in_use_ = false;  ///< the client showed something of the session's name that is no token
  runtime::SocketAddress client_;
  http1::RequestForwarding forwarding_;
  std::string rewritten_path_;

  // upstream
  upstream::Link* link_ = nullptr;
  net::Outlet up_;
  bool link_readable_ = false;
  bool link_peer_closed_ = false;
  bool link_broken_ = false;  ///< it takes no more bytes; its answer may still be there
  std::uint8_t attempts_ = 0;
  std::uint8_t connect_tries_ = 0;  ///< since the rule's last word
  bool retried_stale_ = false;
  bool uses_budget_ = false;  ///< counts as a retry until it ends
  runtime::SocketAddress upstream_address_;

  // by the rule's word
  std::vector<std::unique_ptr<AuthCheck>> checks_;  ///< of the rule, then of the backendRef; the last may wait
  std::vector<SideRequest*> mirrors_;               ///< those that still get the request
  std::uint32_t retries_ = 0;
  std::string replay_;  ///< payload that was read on, what came with the head before it, for another try
  bool replay_lost_ = false;

  // request body
  http1::BodyReader request_body_;
  std::span<char> first_payload_{};  ///< what came with the head: kept for another try
  bool first_taken_ = false;
  bool body_read_on_ = false;  ///< more of it was read since: no other try is possible
  net::ReadBuffer leftover_;   ///< what was read beyond the body: the next request's
  std::size_t up_read_size_;   ///< grows while the backend keeps up, see ReadSize
  bool request_sent_ = false;  ///< all of it is on its way
  bool hold_body_ = false;     ///< Expect: 100-continue, or an upgrade: not before the backend's word
  bool continue_sent_ = false;
  std::uint64_t body_seen_ = 0;  ///< payload at the last look at its pace
  Monotonic body_started_{};
  Monotonic body_waits_since_{};

  // response
  http::ResponseHead response_;
  http1::ResponseFields response_fields_;
  http1::ResponseHeadParser response_parser_;
  net::ReadBuffer response_input_;
  http1::BodyReader response_body_;
  http::BodyFraming down_framing_;
  std::size_t down_read_size_;
  std::uint8_t interim_ = 0;
  bool any_response_byte_ = false;
  bool head_sent_ = false;  ///< a final head went down: no other answer is possible
  bool promised_keep_alive_ = false;
  bool tunnel_up_ended_ = false;
  bool tunnel_down_ended_ = false;

  // for the record
  Monotonic started_{};
  Monotonic chosen_at_{};
  Monotonic first_byte_at_{};
  std::uint16_t status_ = 0;
  std::uint16_t upstream_status_ = 0;
  bool upstream_is_stream_ = false;  ///< that status came on a stream of HTTP/2
  std::uint64_t sent_body_ = 0;
  std::optional<observe::Nanos> connect_time_;
  Reason reason_ = Reason::Upstream;
  std::string detail_;

  net::MemberTimer<Exchange, &Exchange::on_request_deadline> request_deadline_{*this};
  net::MemberTimer<Exchange, &Exchange::on_try_deadline> try_deadline_{*this};
  net::MemberTimer<Exchange, &Exchange::on_body_check> body_check_{*this};
  net::MemberTimer<Exchange, &Exchange::on_continue_deadline> continue_deadline_{*this};
  net::MemberTimer<Exchange, &Exchange::on_tunnel_idle> tunnel_idle_{*this};
  net::MemberTimer<Exchange, &Exchange::on_retry_wait_over> retry_wait_{*this};
};

}  // namespace pintle::proxy
