// A request of the gateway's own making to a backend, beside an exchange: what a mirror gets. Its answer is read to the
// end and dropped, so that the connection can be used again.
//
//   start ──> Connecting ──> Sending <── write ── finish ──> answer read ──> connection back to the pool, gone
//                 └──────────────┴── failed, too slow, too much waits, abandoned ──> connection closed, gone
//
// Guarantees: it never slows or fails the exchange it stands beside: what its backend does not take waits up to
// max_waiting bytes, beyond which it is given up; of all of a worker there is no more than SideLoad allows, and none
// more while memory is short. Owner: the worker's Shared; it goes by itself. Worker thread.
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

/// What the request is to its backend.
struct SideTarget {
  BackendId backend;
  std::shared_ptr<const runtime::Backend> endpoints;
  http::Method method = http::Method::Get;
  std::shared_ptr<const runtime::Certificate> certificate{};  ///< shown over TLS
};

class SideRequest final : public upstream::LinkUser, public net::TurnTask, public net::ListHook<SideRequest> {
 public:
  static constexpr std::size_t max_waiting = 256 * 1024;

  /// A head, and perhaps more of the request. nullptr if it could not even begin, or too many are there. Lives until
  /// finish() or abandon(), and then as long as it needs.
  [[nodiscard]] static SideRequest* start(Shared& shared, SideTarget target, std::span<const iovec> head);
  ~SideRequest();
  SideRequest(const SideRequest&) = delete;
  SideRequest& operator=(const SideRequest&) = delete;

  /// More of the request. Copied where it must wait.
  void write(std::span<const iovec> pieces);
  /// All of it was written. The caller forgets it.
  void finish();
  /// The rest will never come. The caller forgets it.
  void abandon();

 private:
  SideRequest(Shared& shared, SideTarget target);
  // LinkUser
  void on_link_open(upstream::Link& link) override;
  void on_link_failed(Reason reason, std::string_view detail) override;
  void on_link_events(std::uint32_t events) override;
  [[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate() const override { return target_.certificate; }
  void on_turn_end() override { delete this; }

  void send(std::span<const iovec> pieces);
  void read_answer();
  [[nodiscard]] bool take_heads();
  void end();
  void on_deadline() { give_up(); }
  void give_up();
  void set_waiting(std::size_t bytes) noexcept;
  [[nodiscard]] bool waits_too_much() const noexcept;
  void give_back_load() noexcept;
  [[nodiscard]] bool is_over() const noexcept { return ended_; }

  Shared& shared_;
  SideTarget target_;
  upstream::Link* link_ = nullptr;
  bool open_ = false;      ///< the link takes bytes
  bool complete_ = false;  ///< all of the request was written
  bool held_ = true;       ///< somebody will still write
  bool counted_ = true;    ///< in Shared::side_load
  bool ended_ = false;     ///< its link is gone
  bool peer_closed_ = false;
  std::size_t waiting_ = 0;  ///< bytes the backend has not taken, at most
  std::string early_;        ///< until the link is open
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
