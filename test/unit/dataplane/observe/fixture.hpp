// A listener, a rule and a backend to make records of.
#pragma once
#include <memory>

#include "dataplane/observe/record.hpp"

namespace pintle::observe {

struct Scene {
  Scene() {
    listener.gateway = "default/demo";
    listener.name = "http";
    listener.hostname = "*";
    rule.source.route = "default/shop";
    rule.source.index = 1;
    backend.name = "default/shop-v1:80";
  }
  route::Listener listener;
  route::Rule rule;
  route::WeightedBackend backend;
  runtime::SocketAddress upstream{.ip = {127, 0, 0, 1}, .port = 9001};

  /// GET answered 200 by the backend after 3 ms, of which 2 upstream.
  [[nodiscard]] RequestRecord record() const {
    RequestRecord made;
    made.method = http::Method::Get;
    made.method_text = "GET";
    made.server_address = "shop.localhost";
    made.server_port = 8080;
    made.path = "/";
    made.status = 200;
    made.client = {.ip = {127, 0, 0, 1}, .port = 4000};
    made.peer = made.client;
    made.listener = &listener;
    made.rule = &rule;
    made.backend = &backend;
    made.upstream_address = &upstream;
    made.upstream_version = http::Version::Http2;
    made.upstream_status = 200;
    made.attempts = 1;
    made.started = Monotonic(std::chrono::seconds(10));
    made.ended = made.started + std::chrono::milliseconds(3);
    made.upstream_time = std::chrono::milliseconds(2);
    made.was_started = false;
    return made;
  }
};

}  // namespace pintle::observe
