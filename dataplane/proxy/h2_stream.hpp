// One request of an HTTP/2 connection: its stream is the Downstream of its Exchange.
// Guarantees: an answer that was cut ends in RST_STREAM; bytes that wait for the client's window are watched for a
// stall (req 44), also when the exchange is over. Owner: itself, until the stream is over. Worker thread.
#pragma once
#include "dataplane/http2/stream.hpp"
#include "dataplane/proxy/downstream.hpp"
#include "dataplane/proxy/h2_session.hpp"

namespace pintle::proxy {

class Exchange;

class H2Stream final : public Downstream,
                       public http2::Stream,
                       public net::ListHook<BegunTag>,
                       public net::ListHook<AgainTag> {
 public:
  H2Stream(Shared& shared, H2Session& session, std::int32_t id);
  ~H2Stream();

  /// False: the block is malformed, the stream is not to be begun.
  [[nodiscard]] bool take_head(http2::FieldBlock& block, http2::StreamEnd end);
  void begin();
  /// What rearm() asked for.
  void again() { on_readable(); }

  // Downstream
  void rearm() noexcept override { session_.rearm(*this); }
  [[nodiscard]] const route::Listener* find_tls_listener(const runtime::Compiled& compiled,
                                                         const route::PortTable& table) override {
    return session_.tls_listener().find(session_.connection(), compiled, table);
  }
  void end_exchange(After after) override;

 private:
  void on_stall() override;
  void on_readable() override;
  void on_room() override;
  void on_output(Output output) override;
  void on_over(http2::ErrorCode code) override;
  void refuse(const http::Refusal& refusal);
  void leave_exchange() noexcept;

  H2Session& session_;
  Exchange* exchange_ = nullptr;  ///< of the pool
  http::Refusal refusal_{};
  http::Method method_ = http::Method::Get;  ///< Head or any other, for answers to a head that is refused
  Monotonic started_;
};

}  // namespace pintle::proxy
