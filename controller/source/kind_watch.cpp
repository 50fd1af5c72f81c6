#include "controller/source/kind_watch.hpp"

#include <utility>

#include <fmt/format.h>

namespace pintle::source {
namespace {

[[nodiscard]] CollectionWatch::Collection collection_of(const KindWatch::Scope& scope) {
  CollectionWatch::Collection made;
  made.path = kube::collection_path(*scope.resource, scope.ns);
  if (!scope.field_selector.empty()) made.selectors = "fieldSelector=" + kube::escape(scope.field_selector);
  made.name = scope.ns.empty() ? std::string(scope.resource->plural)
                               : fmt::format("{} of namespace {}", scope.resource->plural, scope.ns);
  made.need = scope.need;
  made.detail = scope.resource->detail;
  if (scope.resource->kind == api::Kind::Secret) made.contents = Contents::Keys;
  return made;
}

}  // namespace

KindWatch::KindWatch(const Scope& scope, Ports ports)
    : resource_(*scope.resource),
      ns_(scope.ns),
      ports_(std::move(ports)),
      known_(resource_.kind),
      reader_(resource_),
      watch_(collection_of(scope), watch_ports()) {}

CollectionWatch::Ports KindWatch::watch_ports() {
  return {.api = ports_.api,
          .clock = ports_.clock,
          .chance = ports_.chance,
          .on_list = [this] { known_.begin_list(); },
          .on_object = [this](std::string_view text,
                              const std::optional<ObjectOutline>& outline) { take_object(text, outline); },
          .on_removed = [this](const ObjectOutline& outline) { remove_object(outline); },
          .on_complete = [this] { drop_unnamed(); },
          .on_health = ports_.on_progress};
}

KindStatus KindWatch::status() const {
  const WatchState& state = watch_.state();
  KindStatus out;
  out.kind = resource_.kind;
  out.ns = ns_;
  out.phase = state.phase;
  out.health = state.health;
  out.whole = state.whole;
  out.objects = known_.size();
  out.events = watch_.events;
  out.lists = watch_.lists;
  out.last_heard = watch_.last_heard;
  const bool fails = state.health != Health::Live && state.health != Health::Absent && state.health != Health::Starting;
  if (fails) out.failing_since = state.failing_since;
  out.error = state.error;
  return out;
}

void KindWatch::drop_unnamed() {
  for (api::ObjectKey& key : known_.end_list()) ports_.on_change(Remove{std::move(key)});
  ports_.on_progress();
}

void KindWatch::take_object(std::string_view text, const std::optional<ObjectOutline>& outline) {
  const std::string_view ns = outline ? outline->ns : std::string_view();
  const std::string_view name = outline ? outline->name : std::string_view();
  if (outline && ports_.wanted && !ports_.wanted({resource_.kind, std::string(ns), std::string(name)})) return;
  if (outline && known_.is_known(ns, name, outline->version)) return;
  std::vector<api::Finding> findings;
  auto object = outline ? reader_.read(text, *outline, findings) : std::nullopt;
  if (!object) {
    known_.put_broken(ns, name, std::move(findings));
    return ports_.on_progress();
  }
  parts_.share(*object);
  if (!known_.put(*object)) return;
  if (ports_.on_text) ports_.on_text(api::key_of(*object), text);
  ports_.on_change(Upsert{std::move(*object)});
}

void KindWatch::remove_object(const ObjectOutline& outline) {
  if (known_.remove(outline.ns, outline.name))
    return ports_.on_change(Remove{{resource_.kind, std::string(outline.ns), std::string(outline.name)}});
  ports_.on_progress();  // a finding may have gone with it
}

}  // namespace pintle::source
