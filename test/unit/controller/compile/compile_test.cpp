#include "controller/compile/compile.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "controller/compile/dump.hpp"
#include "test/unit/controller/compile/models.hpp"

namespace pintle::compile::testing {
namespace {

const route::Forward* forward_of(const route::HostTablePtr& table) {
  return table ? std::get_if<route::Forward>(&table->entries().front().rule->action) : nullptr;
}

/// Two Gateways, three listeners; "shop" is attached to two of them and has two hosts.
struct World {
  RoutePtr shop = simple_route("default/shop", "shop");
  RoutePtr blog = simple_route("default/blog", "blog");

  [[nodiscard]] resolve::Model model() const {
    resolve::Model made;
    made.gateways.push_back(gateway("one", "127.0.0.1",
                                    {http_listener("a", "*", 80, {{shop, {"x.example", "y.example"}}}),
                                     http_listener("b", "*", 8080, {{shop, {"*"}}, {blog, {"blog.example"}}})}));
    made.gateways.push_back(gateway("two", "127.0.0.2", {http_listener("a", "*", 80, {{blog, {"*"}}})}));
    add_backend(made, "blog");
    add_backend(made, "shop");
    return made;
  }
};

TEST(Compile, AnEmptyModelIsAValidConfiguration) {
  const Compilation result = compile({}, Generation{1}, {});
  EXPECT_EQ(result.compiled.generation, Generation{1});
  EXPECT_TRUE(result.compiled.plan->sockets.empty());
  EXPECT_TRUE(result.compiled.table->ports().empty());
  EXPECT_TRUE(result.compiled.endpoints->backends.empty());
  EXPECT_TRUE(result.compiled.certs->certificates.empty());
}

TEST(Compile, PlansSocketsAndListeners) {
  resolve::Model model = World().model();
  model.gateways[0].port_offset = 1000;
  model.gateways[0].sockets_by_port[{80}].push_back(address("::1", 80));
  const Compilation result = compile(model, Generation{7}, {});
  const runtime::Compiled& compiled = result.compiled;
  ASSERT_EQ(compiled.plan->sockets.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(compiled.plan->sockets[i].id.index(), i);
  const runtime::PlannedSocket* v4 = find_socket(compiled, address("127.0.0.1", 80));
  const runtime::PlannedSocket* v6 = find_socket(compiled, address("::1", 80));
  ASSERT_TRUE(v4 != nullptr && v6 != nullptr);
  EXPECT_EQ(v4->gateway, "default/one");
  EXPECT_EQ(v4->protocol, runtime::SocketProtocol::Http);
  EXPECT_EQ(v4->listeners, v6->listeners);
  EXPECT_EQ(compiled.table->find_port(v4->id), compiled.table->find_port(v6->id));

  const route::Listener* listener = find_listener(compiled, "default/one", "a");
  ASSERT_NE(listener, nullptr);
  EXPECT_EQ(listener->port, 80);
  EXPECT_EQ(listener->public_port, 1080);
  EXPECT_EQ(listener->protocol, route::Protocol::Http);
  EXPECT_EQ(v4->listeners, std::vector<ListenerId>{listener->id});
}

TEST(Compile, HostsWithTheSameRoutesShareOneTable) {
  const World world;
  const Compilation result = compile(world.model(), Generation{1}, {});
  const route::HostTablePtr x = find_host(result.compiled, "default/one", "a", "x.example");
  ASSERT_NE(x, nullptr);
  EXPECT_EQ(x, find_host(result.compiled, "default/one", "a", "y.example"));
  EXPECT_EQ(x, find_host(result.compiled, "default/one", "b", "*"));
  EXPECT_EQ(find_host(result.compiled, "default/one", "b", "blog.example"),
            find_host(result.compiled, "default/two", "a", "*"));
  EXPECT_NE(x, find_host(result.compiled, "default/two", "a", "*"));
}

TEST(Compile, OneRuleObjectPerRule) {
  World world;
  resolve::ResolvedRule two_matches = rule("default/shop", 0, "/a", {to_backend("shop")});
  two_matches.matches.push_back(two_matches.matches.front());
  two_matches.matches.back().path.value = "/b";
  two_matches.matches.back().rank.match = 1;
  world.shop = make_route("default/shop", {two_matches});
  resolve::Model model = world.model();
  model.gateways[0].listeners[1].routes.pop_back();
  attach(model.gateways[0].listeners[1], {world.blog, {"blog.example", "*"}});  // it joins shop there: another table
  const Compilation result = compile(model, Generation{1}, {});
  const route::HostTablePtr x = find_host(result.compiled, "default/one", "a", "x.example");
  const route::HostTablePtr any = find_host(result.compiled, "default/one", "b", "*");
  ASSERT_EQ(x->entries().size(), 2U);
  ASSERT_EQ(any->entries().size(), 3U);
  EXPECT_EQ(x->entries()[0].rule, x->entries()[1].rule);
  EXPECT_TRUE(std::ranges::count(any->entries(), x->entries()[0].rule, &route::Entry::rule) == 2);
}

TEST(Compile, ARouteAttachedTwiceToAListenerCountsOnce) {
  const World world;
  resolve::Model model = world.model();
  attach(model.gateways[1].listeners[0], {world.blog, {"*"}});
  const Compilation result = compile(model, Generation{1}, {});
  EXPECT_EQ(find_host(result.compiled, "default/two", "a", "*")->entries().size(), 1U);
}

TEST(Compile, AnUnchangedModelKeepsEveryPointer) {
  const World world;
  const Compilation first = compile(world.model(), Generation{1}, {});
  const Compilation second = compile(world.model(), Generation{2}, first.next);
  EXPECT_EQ(second.compiled.generation, Generation{2});
  EXPECT_EQ(second.compiled.certs, first.compiled.certs);
  EXPECT_EQ(second.compiled.table->ports(), first.compiled.table->ports());
}

TEST(Compile, AChangedRouteRebuildsItsHostsAlone) {
  World world;
  const Compilation first = compile(world.model(), Generation{1}, {});
  world.blog = simple_route("default/blog", "blog");  // resolved anew
  const Compilation second = compile(world.model(), Generation{2}, first.next);
  const auto same = [&](const char* gateway, const char* listener, const char* host) {
    return find_host(first.compiled, gateway, listener, host) == find_host(second.compiled, gateway, listener, host);
  };
  EXPECT_TRUE(same("default/one", "a", "x.example"));
  EXPECT_TRUE(same("default/one", "b", "*"));
  EXPECT_FALSE(same("default/one", "b", "blog.example"));
  EXPECT_FALSE(same("default/two", "a", "*"));
  EXPECT_EQ(find_listener(first.compiled, "default/one", "a")->table,
            find_listener(second.compiled, "default/one", "a")->table);
  EXPECT_NE(find_listener(first.compiled, "default/one", "b")->table,
            find_listener(second.compiled, "default/one", "b")->table);
}

TEST(Compile, TheCacheForgetsWhatIsNotUsed) {
  const World world;
  resolve::Model model = world.model();
  attach(model.gateways[1].listeners[0], {world.shop, {"*"}});
  Compilation first = compile(model, Generation{1}, {});
  EXPECT_EQ(first.next.tables.host_tables(), 3U) << "of shop, of blog, and of both";
  EXPECT_EQ(first.next.tables.listeners(), 3U);
  const Compilation second = compile({}, Generation{2}, std::move(first.next));
  EXPECT_EQ(second.next.tables.host_tables(), 0U);
  EXPECT_EQ(second.next.tables.listeners(), 0U);
  EXPECT_TRUE(second.next.port_tables.empty());
}

TEST(Compile, AHostOfSeveralRoutesIsKeptToo) {
  const World world;
  resolve::Model model = world.model();
  attach(model.gateways[1].listeners[0], {world.shop, {"*"}});
  const Compilation first = compile(model, Generation{1}, {});
  // The listener gets another host, so its table is new, but not that of the host it had.
  attach(model.gateways[1].listeners[0], {world.blog, {"new.example"}});
  const Compilation second = compile(model, Generation{2}, first.next);
  EXPECT_NE(find_listener(first.compiled, "default/two", "a")->table,
            find_listener(second.compiled, "default/two", "a")->table);
  EXPECT_EQ(find_host(first.compiled, "default/two", "a", "*"), find_host(second.compiled, "default/two", "a", "*"));
  EXPECT_EQ(find_host(second.compiled, "default/two", "a", "new.example"),
            find_host(first.compiled, "default/one", "b", "blog.example"));
}

TEST(Compile, ChurnOfEndpointsLeavesTheTable) {
  const World world;
  resolve::Model model = world.model();
  const Compilation first = compile(model, Generation{1}, {});
  add_backend(model, "shop", "10.0.0.9");
  const Compilation second = compile(model, Generation{2}, first.next);
  EXPECT_EQ(second.compiled.table->ports(), first.compiled.table->ports());
  EXPECT_EQ(second.compiled.endpoints, model.endpoints);
}

TEST(Compile, ASocketKeepsItsIdWhenAnotherGoes) {
  const World world;
  const Compilation first = compile(world.model(), Generation{1}, {});
  resolve::Model model = world.model();
  model.gateways.erase(model.gateways.begin());  // sockets 0 and 1 go; the one left must be number 0 of a dense plan
  const Compilation second = compile(model, Generation{2}, first.next);
  ASSERT_EQ(second.compiled.plan->sockets.size(), 1U);
  EXPECT_EQ(second.compiled.plan->sockets[0].id.index(), 0U);
  EXPECT_EQ(second.compiled.table->find_port(SocketId{0})->listeners()[0].gateway, "default/two");

  const Compilation third = compile(world.model(), Generation{3}, second.next);
  EXPECT_EQ(find_socket(third.compiled, address("127.0.0.2", 80))->id.index(), 0U);
}

TEST(Compile, ABrokenBackendKeepsItsShare) {
  World world;
  route::WeightedBackend broken;
  broken.weight = 3;
  broken.name = "default/missing:80";
  broken.failure = route::Failure{500, Reason::RefInvalid, "Service default/missing not found"};
  world.shop = make_route("default/shop", {rule("default/shop", 0, "/", {to_backend("shop", 1), broken})});
  const Compilation result = compile(world.model(), Generation{1}, {});
  const route::Forward* forward = forward_of(find_host(result.compiled, "default/one", "a", "x.example"));
  ASSERT_NE(forward, nullptr);
  EXPECT_EQ(forward->total_weight, 4U);
  EXPECT_FALSE(forward->choose(0).failure);
  for (std::uint64_t point = 1; point < 4; ++point) {
    ASSERT_TRUE(forward->choose(point).failure);
    EXPECT_EQ(forward->choose(point).failure->status, 500);
  }
}

resolve::ResolvedListener https_listener(std::string name, std::string hostname,
                                         std::vector<std::shared_ptr<const runtime::Certificate>> certificates) {
  resolve::ResolvedListener made = http_listener(std::move(name), std::move(hostname), 443, {});
  made.protocol = route::Protocol::Https;
  made.certificates = std::move(certificates);
  return made;
}

TEST(Compile, TlsPlan) {
  const auto one = certificate("default/one", 1);
  const auto copy_of_one = certificate("default/copy", 1);
  const auto two = certificate("default/two", 2);
  resolve::Model model;
  model.gateways.push_back(gateway(
      "g", "127.0.0.1",
      {https_listener("any", "*", {two, one, copy_of_one}), https_listener("wild", "*.example.com", {one}),
       https_listener("wilder", "*.a.example.com", {copy_of_one}), https_listener("exact", "x.a.example.com", {two})}));
  const Compilation result = compile(model, Generation{1}, {});
  ASSERT_EQ(result.compiled.certs->certificates.size(), 2U);
  const runtime::PlannedSocket& socket = result.compiled.plan->sockets.at(0);
  EXPECT_EQ(socket.protocol, runtime::SocketProtocol::Https);
  std::vector<std::string> order;
  for (const runtime::TlsListener& tls : socket.tls) order.push_back(tls.hostname);
  EXPECT_EQ(order, (std::vector<std::string>{"x.a.example.com", "*.a.example.com", "*.example.com", "*"}));
  EXPECT_EQ(socket.tls[3].certificates, (std::vector<CertId>{CertId{0}, CertId{1}}));  // certificateRefs order
  EXPECT_EQ(socket.tls[1].certificates, socket.tls[2].certificates);
  EXPECT_EQ(find_listener(result.compiled, "default/g", "wild")->protocol, route::Protocol::Https);

  // The same Secret decoded again keeps the certificate's pointer; other content does not.
  model.gateways[0].listeners[1].certificates = {certificate("default/one", 1)};
  const Compilation second = compile(model, Generation{2}, result.next);
  EXPECT_EQ(second.compiled.certs, result.compiled.certs);
  model.gateways[0].listeners[1].certificates = {certificate("default/one", 3)};
  const Compilation third = compile(model, Generation{3}, second.next);
  EXPECT_EQ(third.compiled.certs->certificates.size(), 3U);
  EXPECT_EQ(third.compiled.certs->certificates[0], second.compiled.certs->certificates[0]);
}

TEST(Dump, IsTheSameForTheSameModel) {
  const World world;
  const Compilation first = compile(world.model(), Generation{1}, {});
  const Compilation again = compile(World().model(), Generation{1}, {});
  EXPECT_EQ(dump_yaml(first.compiled), dump_yaml(again.compiled));
  // Ids may differ after a history; what is shown may not.
  const Compilation later = compile(world.model(), Generation{1}, compile({}, Generation{1}, first.next).next);
  EXPECT_EQ(dump_yaml(first.compiled), dump_yaml(later.compiled));
}

TEST(Dump, ShowsNamesAndHidesKeys) {
  resolve::Model model = World().model();
  model.gateways.push_back(gateway("tls", "127.0.0.3", {https_listener("t", "*", {certificate("default/c", 9)})}));
  const Compilation result = compile(model, Generation{5}, {});
  for (const std::string& text : {dump_yaml(result.compiled), dump_json(result.compiled)}) {
    EXPECT_EQ(text.find("TOP-SECRET-KEY"), std::string::npos) << text;
    EXPECT_NE(text.find("[redacted]"), std::string::npos) << text;
    EXPECT_NE(text.find("default/shop rule 0"), std::string::npos) << text;
    EXPECT_NE(text.find("127.0.0.1:8080"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace pintle::compile::testing
