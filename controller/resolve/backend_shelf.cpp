#include "controller/resolve/backend_shelf.hpp"

#include <algorithm>
#include <utility>

#include "controller/resolve/refs.hpp"

namespace pintle::resolve {
namespace {

constexpr std::uint32_t no_port = 0x10000;

bool same_backend(const runtime::Backend& a, const runtime::Backend& b) {
  return a.name == b.name && a.protocol == b.protocol && a.websocket == b.websocket && a.tls == b.tls &&
         a.retries == b.retries && a.endpoints == b.endpoints;
}

std::uint32_t sum(std::uint32_t count, std::int32_t difference) noexcept {
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(count) + difference);
}

}  // namespace

BackendShelf::Order::Place BackendShelf::Order::place(const Referrer& from,
                                                      const api::BackendObjectReference& ref) noexcept {
  return {from.ns,  ref.ns ? std::string_view(*ref.ns) : from.ns,
          ref.name, ref.port ? *ref.port : no_port,
          ref.kind, ref.group,
          from.kind};
}

void BackendShelf::refresh(const BackendContext& context, const Changes& changes) {
  notes_changed_ = verdicts_changed_ = false;
  free_ids_.insert(resting_ids_.begin(), resting_ids_.end());
  resting_ids_.clear();
  if (changes.touch_references())
    for (const auto& referral : referrals_)
      if (std::ranges::any_of(referral->lookups, [&](const Ref& ref) { return changes.touch(ref); }))
        judge(context, *referral);
  for (const auto& [ns, service] : changes.services()) {
    for (auto at = targets_.lower_bound({ns, service, 0}); at != targets_.end(); ++at) {
      auto& [key, target] = *at;
      if (key.namespace_ != ns || key.service != service) break;
      put(target, find_endpoints(context, key));
    }
  }
}

void BackendShelf::judge(const BackendContext& context, Referral& referral) {
  RefSet lookups;
  BackendVerdict verdict = judge_backend(context, {referral.kind, referral.ns}, referral.ref, lookups);
  if (lookups != referral.lookups) {
    referral.lookups = std::move(lookups);
    if (referral.ours > 0) lookups_ = nullptr;
  }
  if (referral.verdict && *referral.verdict == verdict) return;
  referral.verdict = std::make_shared<const BackendVerdict>(std::move(verdict));
  verdicts_changed_ = true;
}

void BackendShelf::put(Target& target, BackendEndpoints endpoints) {
  BackendEndpoints& held = target.endpoints;
  if (held.backend && same_backend(*endpoints.backend, *held.backend)) endpoints.backend = held.backend;
  if (endpoints.backend != held.backend && target.served > 0) endpoints_ = nullptr;
  if (endpoints.notes != held.notes) notes_changed_ = true;
  with_notes_ -= held.notes.empty() ? 0 : 1;
  held = std::move(endpoints);
  with_notes_ += held.notes.empty() ? 0 : 1;
}

Referral& BackendShelf::take_referral(const BackendContext& context, const Referrer& from,
                                      const api::BackendObjectReference& ref) {
  auto at = referrals_.lower_bound(Order::place(from, ref));
  if (at == referrals_.end() || Order::place(*at) != Order::place(from, ref)) {
    auto made = std::make_unique<Referral>();
    made->kind = from.kind;
    made->ns = from.ns;
    made->ref = ref;
    judge(context, *made);
    at = referrals_.insert(at, std::move(made));
  }
  ++(*at)->named;
  return **at;
}

Target& BackendShelf::take_target(const BackendContext& context, const BackendKey& key) {
  const auto [at, fresh] = targets_.try_emplace(key);
  if (fresh) {
    at->second.key = key;
    at->second.id = next_id();
    put(at->second, find_endpoints(context, key));
  }
  ++at->second.named;
  return at->second;
}

BackendId BackendShelf::next_id() {
  if (free_ids_.empty()) return {ids_++};
  return {free_ids_.extract(free_ids_.begin()).value()};
}

void BackendShelf::give_back(Referral& referral) {
  if (--referral.named == 0) idle_referrals_.push_back(&referral);
}

void BackendShelf::give_back(Target& target) {
  if (--target.named == 0) idle_targets_.push_back(&target);
}

void BackendShelf::set_ours(Referral& referral, std::int32_t difference) {
  const bool before = referral.ours > 0;
  referral.ours = sum(referral.ours, difference);
  if (before != (referral.ours > 0)) lookups_ = nullptr;
}

void BackendShelf::set_served(Target& target, std::int32_t difference) {
  const bool before = target.served > 0;
  target.served = sum(target.served, difference);
  if (before != (target.served > 0)) endpoints_ = nullptr, lookups_ = nullptr;
}

void BackendShelf::sweep() {
  const auto once = [](auto& list) {
    std::ranges::sort(list);
    const auto repeated = std::ranges::unique(list);
    list.erase(repeated.begin(), repeated.end());
    return std::exchange(list, {});
  };
  for (const Referral* referral : once(idle_referrals_))
    if (referral->named == 0)
      referrals_.erase(referrals_.find(Order::place({referral->kind, referral->ns}, referral->ref)));
  for (const Target* target : once(idle_targets_)) {
    if (target->named > 0) continue;
    with_notes_ -= target->endpoints.notes.empty() ? 0 : 1;
    resting_ids_.push_back(target->id.value);
    targets_.erase(targets_.find(target->key));
  }
}

const std::shared_ptr<const runtime::EndpointSet>& BackendShelf::endpoints() {
  if (endpoints_) return endpoints_;
  auto made = std::make_shared<runtime::EndpointSet>();
  made->backends.reserve(targets_.size());
  for (const auto& [key, target] : targets_) {
    if (target.served == 0) continue;
    if (made->backends.size() <= target.id.index()) made->backends.resize(target.id.index() + 1);
    made->backends[target.id.index()] = target.endpoints.backend;
  }
  return endpoints_ = std::move(made);
}

const std::shared_ptr<const RefSet>& BackendShelf::lookups() {
  if (lookups_) return lookups_;
  auto made = std::make_shared<RefSet>();
  for (const auto& referral : referrals_)
    if (referral->ours > 0)  // in the order of referrals, most are the last so far
      for (const Ref& ref : referral->lookups) made->insert(made->end(), ref);
  // A slice that comes may belong to any Service of its namespace.
  std::string_view last;
  for (const auto& [key, target] : targets_) {
    if (target.served > 0 && key.namespace_ != last) made->insert(every(api::Kind::EndpointSlice, key.namespace_));
    if (target.served > 0) last = key.namespace_;
  }
  return lookups_ = std::move(made);
}

}  // namespace pintle::resolve
