#include "controller/compile/http.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace pintle::compile {
namespace {

constexpr std::uint16_t server_fault = 500;
constexpr std::uint16_t unavailable = 503;

route::WeightedBackend make_backend(const resolve::ResolvedBackend& resolved,
                                    const std::map<resolve::BackendKey, BackendId>& ids) {
  route::WeightedBackend made;
  made.weight = resolved.weight;
  made.name = resolved.name;
  made.failure = resolved.failure;
  made.filters = resolved.filters;
  if (made.failure || !resolved.backend) return made;
  if (const auto id = ids.find(*resolved.backend); id != ids.end())
    made.backend = id->second;
  else
    made.failure = route::Failure{unavailable, Reason::NoEndpoints, "no endpoints are known for " + resolved.name};
  return made;
}

/// A broken backendRef keeps its share of the traffic and answers it with its failure (HTTPRouteRule.backendRefs).
route::Action make_forward(const resolve::ResolvedForward& resolved,
                           const std::map<resolve::BackendKey, BackendId>& ids) {
  route::Forward forward;
  forward.backends.reserve(resolved.backends.size());
  for (const resolve::ResolvedBackend& backend : resolved.backends) {
    forward.total_weight += backend.weight;
    forward.backends.push_back(make_backend(backend, ids));
  }
  if (forward.total_weight == 0)
    return route::Failure{server_fault, Reason::RefInvalid, "the weights of the rule's backends add up to 0"};
  return forward;
}

RulePtr make_rule(const resolve::ResolvedRule& resolved, const std::map<resolve::BackendKey, BackendId>& ids) {
  auto rule = std::make_shared<route::Rule>();
  rule->source = resolved.source;
  rule->filters = resolved.filters;
  rule->timeouts = resolved.timeouts;
  if (const auto* forward = std::get_if<resolve::ResolvedForward>(&resolved.action))
    rule->action = make_forward(*forward, ids);
  else if (const auto* redirect = std::get_if<route::Redirect>(&resolved.action))
    rule->action = *redirect;
  else
    rule->action = *std::get_if<route::Failure>(&resolved.action);
  return rule;
}

struct AttachedHost {
  std::string_view host;
  std::uint32_t order;  ///< of the attachment
  const RoutePtr* route;
};

/// All (host, route) of a listener, hosts in the order of a ListenerTable, routes in the order of attachment.
std::vector<AttachedHost> sort_by_host(const std::vector<resolve::AttachedRoute>& attached) {
  std::vector<AttachedHost> list;
  list.reserve(attached.size());
  for (const resolve::AttachedRoute& one : attached)
    for (const std::string& host : one.hostnames)
      list.push_back({host, static_cast<std::uint32_t>(list.size()), &one.route});
  std::ranges::sort(list, [](const AttachedHost& a, const AttachedHost& b) {
    return a.host == b.host ? a.order < b.order : route::precedes_host(a.host, b.host);
  });
  return list;
}

/// Two parentRefs may attach one route to one listener: the first counts. Few routes per host are the rule.
void remove_repeated(std::vector<RoutePtr>& routes) {
  constexpr std::size_t few = 16;
  if (routes.size() <= few) {
    for (auto at = routes.begin(); at != routes.end(); ++at)
      routes.erase(std::remove(at + 1, routes.end(), *at), routes.end());
    return;
  }
  std::unordered_set<const resolve::ResolvedRoute*> seen(routes.size());
  std::erase_if(routes, [&](const RoutePtr& route) { return !seen.insert(route.get()).second; });
}

}  // namespace

std::size_t HashRoutes::operator()(const std::vector<RoutePtr>& routes) const noexcept {
  std::size_t hash = routes.size();
  for (const RoutePtr& route : routes) hash = (hash ^ std::hash<const void*>{}(route.get())) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32U);
}

const RouteParts& HttpTables::parts_of(const RoutePtr& route) {
  const auto [at, fresh] = next_.routes.try_emplace(route);
  if (!fresh) return *at->second;
  if (const auto before = previous_.routes.find(route); before != previous_.routes.end()) {
    at->second = before->second;
    return *at->second;
  }
  auto parts = std::make_shared<RouteParts>();
  parts->rules.reserve(route->rules.size());
  for (const resolve::ResolvedRule& rule : route->rules) parts->rules.push_back(make_rule(rule, next_.backend_ids));
  at->second = std::move(parts);
  return *at->second;
}

route::HostTablePtr HttpTables::make_host_table(const std::vector<RoutePtr>& routes) {
  std::size_t matches = 0;
  for (const RoutePtr& route : routes)
    for (const resolve::ResolvedRule& rule : route->rules) matches += rule.matches.size();
  std::vector<route::Entry> entries;
  entries.reserve(matches);
  for (const RoutePtr& route : routes) {
    const std::vector<RulePtr>& rules = parts_of(route).rules;
    for (std::size_t i = 0; i < rules.size(); ++i)
      for (const route::Match& match : route->rules[i].matches) entries.push_back({match, rules[i]});
  }
  return std::make_shared<const route::HostTable>(std::move(entries));
}

route::HostTablePtr HttpTables::table_of_one(const RoutePtr& route) {
  const RouteParts& parts = parts_of(route);
  if (parts.alone) return parts.alone;
  auto with_table = std::make_shared<RouteParts>(parts);
  with_table->alone = make_host_table({route});
  return (next_.routes[route] = std::move(with_table))->alone;
}

const SharedHost& HttpTables::table_of_many(const std::vector<RoutePtr>& routes) {
  const auto [at, fresh] = next_.host_tables.try_emplace(routes);
  SharedHost& host = at->second;
  if (!fresh) return host;
  if (const auto before = previous_.host_tables.find(routes); before != previous_.host_tables.end()) {
    // Its rules stay known: the next host that has one of these routes shares them.
    for (const RoutePtr& route : routes) static_cast<void>(parts_of(route));
    host = before->second;
  } else {
    host.table = make_host_table(routes);
    host.losses = find_losses(*host.table);
  }
  return host;
}

std::shared_ptr<const route::ListenerTable> HttpTables::make_table(const ListenerKey& key,
                                                                   const resolve::ResolvedListener& listener) {
  const std::vector<AttachedHost> attached = sort_by_host(listener.routes);
  std::vector<std::pair<std::string, route::HostTablePtr>> hosts;
  hosts.reserve(attached.size());
  std::vector<RoutePtr> of_host;
  for (auto at = attached.begin(); at != attached.end();) {
    const std::string_view host = at->host;
    of_host.clear();
    for (; at != attached.end() && at->host == host; ++at) of_host.push_back(*at->route);
    remove_repeated(of_host);
    if (of_host.size() == 1) {
      hosts.emplace_back(host, table_of_one(of_host.front()));
      continue;
    }
    const SharedHost& shared = table_of_many(of_host);
    hosts.emplace_back(host, shared.table);
    for (const Loss& loss : shared.losses)
      losers_.push_back({key.first, key.second, listener.port, std::string(host), loss});
  }

  std::shared_ptr<const route::ListenerTable>& table = next_.listener_tables[key];
  if (const auto before = previous_.listener_tables.find(key);
      before != previous_.listener_tables.end() && before->second->hosts() == hosts)
    table = before->second;
  else
    table = std::make_shared<const route::ListenerTable>(std::move(hosts));
  return table;
}

}  // namespace pintle::compile
