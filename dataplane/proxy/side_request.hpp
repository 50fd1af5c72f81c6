// A request of the gateway's own making to a backend, beside an exchange: what a mirror gets, or what an authorization
// server is asked. Its answer is read to the end, so that the connection can be used again, and told to its user if it
// has one.
//
//   start ──> Connecting ──> Sending <── write ── finish ──> answer read ──> connection back to the pool, gone
//                 │  └── a pooled connection died before any answer: once more, on a fresh one ──┘
//                 └──────────────┴── failed, too slow, too much waits, abandoned ──> connection closed, gone
//
// Guarantees: without a user it never slows or fails the exchange it stands beside: what its backend does not take
// waits up to max_waiting bytes, beyond which it is given up; of all of a worker there is no more than SideLoad allows,
// and none more while memory is short. With one, the user is told of the answer or of the failure, once, and never from
// inside start(). Owner: the worker's Shared; it goes by itself. Worker thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include <pintle/http/request.hpp>
#include <pintle/route/filter.hpp>

#include "dataplane/http1/body_reader.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/net/intrusive_list.hpp"
#include "dataplane/net/outlet.hpp"
#include "dataplane/net/read_buffer.hpp"
#include "dataplane/proxy/shared.hpp"
#include "dataplane/upstream/upstream.hpp"

namespace pintle::proxy {

/// Who waits for the answer. Views hold within the call.
class SideUser {
 public:
  virtual void on_side_head(const http::ResponseHead& head) = 0;
  virtual void on_side_payload(std::span<const char> payload) = 0;
  /// The answer is complete, and the request is gone.
  virtual void on_side_end(const http::HeaderView& trailers) = 0;
  /// There is no answer, or no whole one, and the request is gone.
  virtual void on_side_failed(std::string_view detail) = 0;

 protected:
  ~SideUser() = default;
};

/// What the request is to its backend.
struct SideTarget {
  BackendId backend;
  std::shared_ptr<const runtime::Backend> endpoints;
  http::Method method = http::Method::Get;
  std::shared_ptr<const runtime::Certificate> certificate{};  ///< shown over TLS
  Millis limit{30'000};                                       ///< from its first byte to the last of its answer
  SideUser* user = nullptr;
  bool keep_link = true;  ///< for others to use
};

class SideRequest final : public upstream::LinkUser, public net::TurnTask, public net::ListHook<SideRequest> {
 public:
  static constexpr std::size_t max_waiting = 256 * 1024;
  /// So much of a copy is kept for a second try.
  static constexpr std::size_t max_replay = 16 * 1024;

  /// A head, and perhaps more of the request. An Error if it could not even begin, or too many are there. Lives until
  /// finish() or abandon(), and then as long as it needs.
  [[nodiscard]] static Result<SideRequest*> start(Shared& shared, SideTarget target, std::span<const iovec> head);
  ~SideRequest();
  SideRequest(const SideRequest&) = delete;
  SideRequest& operator=(const SideRequest&) = delete;

  /// More of the request. Copied where it must wait.
  void write(std::span<const iovec> pieces);
  /// All of it was written. Without a user, the caller forgets it.
  void finish();
  /// The rest will never come, or nobody waits any more. The caller forgets it, and its user is told nothing.
  void abandon();

 private:
  SideRequest(Shared& shared, SideTarget target);
  // LinkUser
  void on_link_open(upstream::Link& link) override;
  void on_link_failed(Reason reason, std::string_view detail) override;
  void on_link_events(std::uint32_t events) override;
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate() const override { return target_.certificate; }
  void on_turn_end() override { delete this; }

  [[nodiscard]] Result<void> connect(upstream::Reuse reuse);
  void send(std::span<const iovec> pieces);
  void keep_for_retry(std::span<const iovec> pieces);
  [[nodiscard]] bool retry_on_fresh_link();
  void read_answer();
  [[nodiscard]] bool read_piece();
  [[nodiscard]] bool take_heads();
  [[nodiscard]] bool take_body(std::span<char> input);
  void end();
  void on_deadline() { give_up("no answer in time"); }
  void give_up(std::string_view why);
  /// The link is gone or back in the pool, and nothing of the request is left.
  void close() noexcept;
  void set_waiting(std::size_t bytes) noexcept;
  [[nodiscard]] bool waits_too_much() const noexcept;
  /// A copy that nobody waits for, and memory is short.
  [[nodiscard]] bool must_yield() const noexcept;
  void give_back_load() noexcept;

  Shared& shared_;
  SideTarget target_;
  upstream::Link* link_ = nullptr;
  bool open_ = false;      ///< the link takes bytes
  bool complete_ = false;  ///< all of the request was written
  bool held_ = true;       ///< somebody will still write
  bool counted_ = false;   ///< in Shared::side_load
  bool ended_ = false;     ///< its link is gone
  bool peer_closed_ = false;
  bool any_answer_ = false;   ///< a byte of it
  bool replay_lost_ = false;  ///< it was too long to be kept
  bool retried_ = false;
  bool waited_for_ = false;  ///< it has, or had, a user
  std::uint8_t tries_ = 0;   ///< to connect
  std::size_t waiting_ = 0;  ///< bytes the backend has not taken, at most
  std::string replay_;       ///< what was written, while another try may need it
  net::Outlet outlet_;
  net::ReadBuffer input_;
  http::ResponseHead response_;
  http1::ResponseFields fields_;
  http1::ResponseHeadParser parser_;
  http1::BodyReader body_;
  bool in_body_ = false;
  net::MemberTimer<SideRequest, &SideRequest::on_deadline> deadline_{*this};
};

}  // namespace pintle::proxy
