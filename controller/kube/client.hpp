// kube::Api over libcurl: HTTP/1.1, a connection per request under way, kept and used again; no thread of its own.
//  - guarantees: of kube::Api; TLS 1.2 or later, the server's certificate verified against the given authorities alone;
//    no redirect followed, no proxy of the environment, no cookie, no netrc; a 401 makes the credentials be read again
//    before the next request; a dead peer is noticed within about 30 s, a silent stream after the request's timeout.
//  - an address given by name is looked up on a short-lived thread of libcurl's; that of a pod is no name.
//  - threads: the control thread.
#pragma once
#include <memory>

#include <pintle/base/error.hpp>

#include "controller/kube/api.hpp"
#include "controller/kube/clock.hpp"
#include "controller/kube/connection.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::kube {

struct ClientLimits {
  std::size_t body = std::size_t{64} << 20U;  ///< of an answer, decompressed
  std::size_t line = std::size_t{64} << 20U;  ///< of a stream
};

class Client final : public Api {
 public:
  /// Does not connect yet. `io` and `clock` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<Client>> make(boost::asio::io_context& io, Clock& clock,
                                                            Connection connection, ClientLimits limits = {});
  ~Client() override;

  [[nodiscard]] Call send(Request request, std::function<void(Result<Response>)> done) override;
  [[nodiscard]] Call stream(Request request, StreamEvents events) override;

 private:
  struct State;
  explicit Client(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::kube
