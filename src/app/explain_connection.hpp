// What becomes of a connection or a datagram that is passed on: tcp://, tls:// and udp:// URLs of `explain`. Internal.
#pragma once
#include <nlohmann/json.hpp>

#include <pintle/runtime/compiled.hpp>

#include "src/app/url.hpp"

namespace pintle::app {

/// Adds listener, host, rules, backends and answer; sets `served`. `sni`: of a tls:// URL.
void describe_connection(nlohmann::ordered_json& out, const runtime::Compiled& compiled,
                         const runtime::PlannedSocket& socket, const Url& url, std::string_view sni);

}  // namespace pintle::app
