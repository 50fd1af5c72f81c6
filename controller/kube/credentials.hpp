// What a request proves itself with, renewed as it rotates or expires.
//  - guarantees: get() reports exactly once, at once or later, unless the Credentials are gone by then; nothing in an
//    error is secret; a token file is read at most every 10 s, and again after refused(); an exec plugin runs as long
//    as it takes (a minute at most) without holding up the thread, one at a time.
//  - threads: the control thread.
#pragma once
#include <functional>
#include <memory>

#include <pintle/base/error.hpp>

#include "controller/kube/clock.hpp"
#include "controller/kube/connection.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::kube {

struct Identity {
  Secret token;  ///< empty: none
  Pem certificate;
  Pem key;
};

class Credentials {
 public:
  using Done = std::function<void(Result<std::shared_ptr<const Identity>>)>;
  virtual ~Credentials() = default;
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  virtual void get(Done done) = 0;
  /// The server answered 401 to what get() gave: it is not to be given again if there is anything newer.
  virtual void refused() = 0;

 protected:
  Credentials() = default;
};

/// `server` is told to an exec plugin that asks for it. All but the user outlive the credentials.
[[nodiscard]] std::unique_ptr<Credentials> make_credentials(boost::asio::io_context& io, Clock& clock, User user,
                                                            const Server& server);

}  // namespace pintle::kube
