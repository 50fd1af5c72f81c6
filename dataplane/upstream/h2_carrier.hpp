// HTTP/2 to one endpoint: a connection that carries many exchanges at once.
//
//   Endpoint ── carriers ──> H2Carrier ── is the LinkUser of ──> PooledLink (connecting, socket, metrics)
//                                └── streams ──> H2Link, one for each exchange
//
// Guarantees: a stream is one exchange's from open() to release() or abandon(); a carrier whose peer is leaving, or
// whose endpoint left, gets no new stream and goes with its last one; so does one that was silent until a stream was
// given up. A peer that is gone without a word is noticed within half a minute. Streams the peer did not look at say
// was_refused(). A carrier lives until it is dead and its last H2Link was given back. Owner: the Endpoint. Worker
// thread.
#pragma once
#include <memory>

#include "dataplane/http2/send_frames.hpp"
#include "dataplane/http2/session.hpp"
#include "dataplane/upstream/endpoint.hpp"

namespace pintle::upstream {

class H2Carrier;
class PooledLink;
struct CarrierTag;
struct LinkTag;
struct CarriedTag;

class H2Link final : public Link,
                     public http2::Stream,
                     public net::TurnTask,
                     public net::ListHook<LinkTag>,
                     public net::ListHook<CarriedTag> {
 public:
  H2Link(H2Carrier& carrier, LinkUser& user);

  [[nodiscard]] bool is_connected() const noexcept;
  /// What rearm() asked for.
  void again() { on_readable(); }
  void on_open();
  void on_connect_failed(Reason reason, std::string_view detail);

 private:
  // Link
  void release(Unread unread) override;
  void rearm() noexcept override;
  void close() noexcept override;
  [[nodiscard]] std::chrono::nanoseconds connect_time() const noexcept override;
  // http2::Stream
  void on_readable() override;
  void on_room() override;
  void on_output(Output /*output*/) override {}
  void on_over(http2::ErrorCode code) override;
  // TurnTask: frees it
  void on_turn_end() override;

  H2Carrier& carrier_;
  LinkUser* user_;  ///< until it gives the link back
  Monotonic opened_at_;
};

class H2Carrier final : public net::ListHook<CarrierTag>,
                        public net::TurnTask,
                        private LinkUser,
                        private http2::SessionUser {
 public:
  /// `certificate`: shown over TLS; may be null.
  H2Carrier(Endpoint& endpoint, std::shared_ptr<const runtime::Certificate> certificate);
  ~H2Carrier();

  [[nodiscard]] Result<void> connect();
  /// In place of connect(): a connection that is about to be open. Returns its user.
  [[nodiscard]] LinkUser& adopt(PooledLink& link) noexcept {
    link_ = &link;
    return *this;
  }
  [[nodiscard]] bool is_idle() const noexcept { return http_.stream_count() == 0; }
  [[nodiscard]] bool is_connected() const noexcept { return connected_; }
  [[nodiscard]] bool takes_streams() const noexcept { return !dead_ && !leaving_ && http_.takes_streams(); }
  /// Its peer has not said that it leaves.
  [[nodiscard]] bool stays() const noexcept { return !dead_ && !leaving_ && !http_.is_leaving(); }
  [[nodiscard]] bool shows(const runtime::Certificate* certificate) const noexcept;
  [[nodiscard]] H2Link& open(LinkUser& user);
  /// No new stream; the connection goes with its last one.
  void leave();

 private:
  friend class H2Link;
  // LinkUser, of the connection
  void on_link_open(Link& link) override;
  void on_link_failed(Reason reason, std::string_view detail) override;
  void on_link_events(std::uint32_t events) override;
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate() const override { return certificate_; }
  [[nodiscard]] Speaks speaks() const noexcept override { return Speaks::Http2; }
  // SessionUser
  void on_request(std::int32_t /*id*/, http2::FieldBlock& /*block*/, http2::StreamEnd /*end*/) override {}
  void on_output() override;
  // TurnTask: frees it
  void on_turn_end() override { endpoint_.bury(*this); }

  void refuse_choice();
  void receive();
  void flush();
  void rearm(H2Link& link) noexcept;
  void on_link_gone();
  void on_given_up(Monotonic opened_at);
  void on_idle();
  void on_stall() { die(); }
  void die();
  [[nodiscard]] net::WorkerContext& context() const noexcept { return endpoint_.environment().context; }

  Endpoint& endpoint_;
  std::shared_ptr<const runtime::Certificate> certificate_;
  PooledLink* link_ = nullptr;
  net::Outlet outlet_;
  http2::Session http_;
  net::IntrusiveList<H2Link, LinkTag> links_;      ///< all
  net::IntrusiveList<H2Link, CarriedTag> listed_;  ///< waiting for the connection; then, to be told again
  bool connected_ = false;
  bool leaving_ = false;
  bool dead_ = false;
  bool readable_ = false;
  bool peer_closed_ = false;
  bool flush_due_ = false;  ///< in the next turn
  Monotonic heard_at_{};    ///< the last byte
  http2::FlushBudget flushes_;
  net::MemberTimer<H2Carrier, &H2Carrier::on_idle> idle_{*this};
  net::MemberTimer<H2Carrier, &H2Carrier::on_stall> stall_{*this};
  net::MemberTask<H2Carrier, &H2Carrier::flush> flush_later_{*this};
};

}  // namespace pintle::upstream
