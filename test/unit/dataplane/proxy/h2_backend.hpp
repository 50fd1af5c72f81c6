// The gateway with one backend that speaks HTTP/2 and is the test's.
#pragma once
#include <gtest/gtest.h>

#include "test/unit/dataplane/proxy/h2_peer.hpp"

namespace pintle::proxy {

struct H2Backend {
  explicit H2Backend(const Settings& settings = {}) : bench(settings) {
    bench.backend_protocol = runtime::BackendProtocol::Http2;
    bench.serve({&peer});
  }
  /// The gateway's next connection.
  [[nodiscard]] H2Peer accept(H2Peer::Window window = H2Peer::Window::Given,
                              H2Peer::Connect connect = H2Peer::Connect::Plain) {
    return {bench, bench.accept(peer), H2Peer::Kind::Backend, window, connect};
  }
  /// Until a request has come whole; its id.
  std::int32_t until_request(H2Peer& backend, std::size_t index = 0) {
    backend.until([&] { return backend.began.size() > index && backend.messages[backend.began[index]].ended; });
    return backend.began[index];
  }
  Peer peer;
  Bench bench;
};

/// So many POSTs at once, whose bodies are complete; their ids.
inline std::vector<std::int32_t> post_many(H2Backend& h2, H2Peer& client, std::size_t count) {
  std::vector<std::int32_t> ids;
  Fields fields = h2_get("/");
  fields[0].second = "POST";
  for (std::size_t i = 0; i < count; ++i) ids.push_back(client.request(fields));
  h2.bench.settle();
  return ids;
}

}  // namespace pintle::proxy
