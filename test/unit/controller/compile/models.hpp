// Small models for the tests of compile.
#pragma once
#include <string>
#include <vector>

#include "controller/compile/compile.hpp"

namespace pintle::compile::testing {

[[nodiscard]] runtime::SocketAddress address(std::string_view ip, std::uint16_t port);
[[nodiscard]] route::WeightedBackend to_backend(const std::string& service, std::uint32_t weight = 1);
/// A rule for one prefix.
[[nodiscard]] resolve::ResolvedRule rule(const std::string& route, std::uint32_t index, const std::string& prefix,
                                         std::vector<route::WeightedBackend> backends);
[[nodiscard]] RoutePtr make_route(const std::string& name, std::vector<resolve::ResolvedRule> rules);
[[nodiscard]] RoutePtr simple_route(const std::string& name, const std::string& service);
[[nodiscard]] std::shared_ptr<const runtime::Certificate> certificate(std::string source, std::uint64_t fingerprint);
void attach(resolve::ResolvedListener& listener, resolve::AttachedRoute route);
[[nodiscard]] resolve::ResolvedListener http_listener(std::string name, std::string hostname, std::uint16_t port,
                                                      std::vector<resolve::AttachedRoute> routes);
[[nodiscard]] resolve::ResolvedGateway gateway(std::string name, const std::string& ip,
                                               std::vector<resolve::ResolvedListener> listeners);
/// Adds the backend with one endpoint to the model.
void add_backend(resolve::Model& model, const std::string& service, std::string_view endpoint_ip = "10.0.0.1");

[[nodiscard]] const route::Listener* find_listener(const runtime::Compiled& compiled, std::string_view gateway,
                                                   std::string_view name);
[[nodiscard]] route::HostTablePtr find_host(const runtime::Compiled& compiled, std::string_view gateway,
                                            std::string_view listener, std::string_view host);
[[nodiscard]] const runtime::PlannedSocket* find_socket(const runtime::Compiled& compiled,
                                                        const runtime::SocketAddress& wanted);

}  // namespace pintle::compile::testing
