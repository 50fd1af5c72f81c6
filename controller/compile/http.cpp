#include "controller/compile/http.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

namespace pintle::compile {
namespace {

using resolve::AttachedRoute;
using resolve::AttachedRoutePtr;

/// What is in one list only.
struct Difference {
  std::vector<AttachedRoutePtr> gone;
  std::vector<AttachedRoutePtr> fresh;
};

/// Most changes leave what stands before and after one place of the list as it is.
Difference compare(const std::vector<AttachedRoutePtr>& before, const std::vector<AttachedRoutePtr>& now) {
  const auto [old_from, new_from] = std::ranges::mismatch(before, now);
  auto old_to = before.end();
  auto new_to = now.end();
  while (old_to != old_from && new_to != new_from && *(old_to - 1) == *(new_to - 1)) --old_to, --new_to;

  Difference difference;
  std::unordered_multiset<const AttachedRoute*> kept;
  kept.reserve(static_cast<std::size_t>(new_to - new_from));
  std::for_each(new_from, new_to, [&kept](const auto& route) { kept.insert(route.get()); });
  std::for_each(old_from, old_to, [&](const auto& route) {
    if (const auto at = kept.find(route.get()); at != kept.end())
      kept.erase(at);
    else
      difference.gone.push_back(route);
  });
  std::for_each(new_from, new_to, [&](const auto& route) {
    if (const auto at = kept.find(route.get()); at != kept.end()) kept.erase(at), difference.fresh.push_back(route);
  });
  return difference;
}

/// Two AttachedRoutes may be of one route: it counts once.
std::vector<RoutePtr> routes_of(const Host& host) {
  std::vector<RoutePtr> routes;
  routes.reserve(host.attached.size());
  for (const AttachedRoutePtr& one : host.attached) routes.push_back(one->route);
  std::ranges::sort(routes);
  const auto repeated = std::ranges::unique(routes);
  routes.erase(repeated.begin(), repeated.end());
  return routes;
}

void add_entries(const RoutePtr& route, std::vector<route::Entry>& entries) {
  for (const resolve::ResolvedRule& rule : route->rules)
    for (const route::Match& match : rule.matches)
      entries.push_back({.match = {route, &match}, .rule = {route, &rule.rule}});
}

/// An entry points into the route it is of, and shares its ownership.
bool belongs_to(const route::Entry& entry, const RoutePtr& route) {
  return !entry.rule.owner_before(route) && !route.owner_before(entry.rule);
}

constexpr std::size_t few = 8;

}  // namespace

std::size_t HashRoutes::operator()(const std::vector<RoutePtr>& routes) const noexcept {
  std::size_t hash = routes.size();
  for (const RoutePtr& route : routes) hash = (hash ^ std::hash<const void*>{}(route.get())) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32U);
}

/// Starts with the entries of the table before, which are in order already.
HostRoutesPtr HttpTables::make_routes(std::vector<RoutePtr> routes, const HostRoutes* before) {
  HostRoutesPtr& held = made_[routes];
  if (held) return held;
  static const HostRoutes none;
  const HostRoutes& old = before == nullptr ? none : *before;
  std::vector<RoutePtr> gone;
  std::vector<RoutePtr> fresh;
  std::ranges::set_difference(old.routes, routes, std::back_inserter(gone));
  std::ranges::set_difference(routes, old.routes, std::back_inserter(fresh));
  const bool start_with_old = gone.size() < few && gone.size() < old.routes.size();
  std::size_t matches = 0;
  for (const RoutePtr& route : routes)
    for (const resolve::ResolvedRule& rule : route->rules) matches += rule.matches.size();
  std::vector<route::Entry> entries;
  entries.reserve(matches);
  if (start_with_old)
    std::ranges::copy_if(old.table->entries(), std::back_inserter(entries), [&gone](const route::Entry& entry) {
      return std::ranges::none_of(gone, [&](const RoutePtr& route) { return belongs_to(entry, route); });
    });
  for (const RoutePtr& route : start_with_old ? fresh : routes) add_entries(route, entries);
  auto made = std::make_shared<HostRoutes>();
  made->table = std::make_shared<const route::HostTable>(std::move(entries));
  if (routes.size() > 1) made->losses = find_losses(*made->table);
  made->routes = std::move(routes);
  return held = std::move(made);
}

void HttpTables::make_host(ListenerHosts& held, Host& host) {
  const auto loses = [&host] { return host.made && !host.made->losses.empty() ? 1U : 0U; };
  held.hosts_with_losses -= loses();
  const HostRoutesPtr before = std::move(host.made);
  host.made = host.attached.empty() ? nullptr : make_routes(routes_of(host), before.get());
  if (before) left_.push_back(before);
  held.hosts_with_losses += loses();
}

void HttpTables::renew(ListenerHosts& held, const std::vector<AttachedRoutePtr>& routes) {
  const Difference difference = compare(held.routes, routes);
  std::vector<Hosts::iterator> touched;
  const auto touch = [&](Hosts::iterator at) {
    if (!std::exchange(at->second.touched, true)) touched.push_back(at);
  };
  auto last = held.hosts.end();  // routes that follow each other often have the same host
  for (const AttachedRoutePtr& route : difference.gone)
    for (const std::string& name : route->hostnames) {
      if (last == held.hosts.end() || last->first != name) last = held.hosts.find(name);
      auto& attached = last->second.attached;
      attached.erase(std::ranges::find(attached, route));
      touch(last);
    }
  for (const AttachedRoutePtr& route : difference.fresh)
    for (const std::string& name : route->hostnames) {
      if (last == held.hosts.end() || last->first != name) last = held.hosts.try_emplace(name).first;
      last->second.attached.push_back(route);
      touch(last);
    }
  for (const Hosts::iterator at : touched) {
    at->second.touched = false;
    make_host(held, at->second);
    if (at->second.attached.empty()) held.hosts.erase(at);
  }
  held.routes = routes;
}

std::shared_ptr<const route::ListenerTable> HttpTables::make_table(const ListenerKey& key,
                                                                   const resolve::ResolvedListener& listener) {
  ListenerHosts& held = listeners_[key];
  if (held.table && held.routes == listener.routes) return held.table;
  renew(held, listener.routes);
  std::vector<std::pair<std::string, route::HostTablePtr>> hosts;
  hosts.reserve(held.hosts.size());
  for (const auto& [name, host] : held.hosts) hosts.emplace_back(name, host.made->table);
  if (!held.table || held.table->hosts() != hosts)
    held.table = std::make_shared<const route::ListenerTable>(std::move(hosts));
  return held.table;
}

void HttpTables::add_losers(const ListenerKey& key, std::uint16_t port, std::vector<Loser>& losers) const {
  const auto held = listeners_.find(key);
  if (held == listeners_.end() || held->second.hosts_with_losses == 0) return;
  for (const auto& [name, host] : held->second.hosts)
    for (const Loss& loss : host.made->losses) losers.push_back({key.first, key.second, port, name, loss});
}

void HttpTables::sweep(const std::map<ListenerKey, ListenerId>& keys) {
  std::erase_if(listeners_, [&](auto& item) {
    if (keys.contains(item.first)) return false;
    for (auto& [name, host] : item.second.hosts) left_.push_back(std::move(host.made));
    return true;
  });
  for (HostRoutesPtr& left : std::exchange(left_, {})) {
    const auto at = made_.find(left->routes);
    left = nullptr;
    if (at != made_.end() && at->second.use_count() == 1) made_.erase(at);
  }
}

}  // namespace pintle::compile
