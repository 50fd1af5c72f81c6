#include "controller/source/kind_watch.hpp"

#include <string.h>
#include <utility>

#include <fmt/format.h>

#include <pintle/base/log.hpp>

namespace pintle::source {
namespace {

/// Bookmarks come about once a minute: a stream silent for longer than two of them has no peer any more.
constexpr Millis longest_silence{150'000};
constexpr Millis longest_page{60'000};

/// The keys of Secrets lie in it (req 58).
void wipe(std::string& text) noexcept { explicit_bzero(text.data(), text.size()); }

[[nodiscard]] std::string where(const KindWatch::Scope& scope) {
  return scope.ns.empty() ? std::string(scope.resource->plural)
                          : fmt::format("{} of namespace {}", scope.resource->plural, scope.ns);
}

}  // namespace

KindWatch::KindWatch(Scope scope, Ports ports)
    : scope_(std::move(scope)), ports_(std::move(ports)), known_(scope_.resource->kind), reader_(*scope_.resource) {
  state_.need = scope_.need;
}

KindStatus KindWatch::status() const {
  KindStatus out;
  out.kind = scope_.resource->kind;
  out.ns = scope_.ns;
  out.phase = state_.phase;
  out.health = state_.health;
  out.whole = state_.whole;
  out.objects = known_.size();
  out.events = events_;
  out.lists = lists_;
  out.last_heard = last_heard_;
  const bool fails =
      state_.health != Health::Live && state_.health != Health::Absent && state_.health != Health::Starting;
  if (fails) out.failing_since = state_.failing_since;
  out.error = state_.error;
  return out;
}

void KindWatch::on(const Happening& happening) {
  const Health before = state_.health;
  const Step next = step(state_, happening, {.now = ports_.clock.now(), .chance = ports_.chance()});
  settle(next.verdict);
  act(next.action);
  tell_health(before);
}

void KindWatch::act(const Action& action) {
  if (const auto* page = std::get_if<ListPage>(&action)) return list(*page);
  if (const auto* stream = std::get_if<Watch>(&action)) return watch(*stream);
  if (const auto* wait = std::get_if<Wait>(&action)) {
    call_.cancel();
    alarm_ = ports_.clock.after(wait->delay, [this] { on(Due{}); });
  }
}

void KindWatch::settle(Verdict verdict) {
  if (verdict == Verdict::Keep) return;
  if (verdict == Verdict::Empty) known_.begin_list();
  if (verdict == Verdict::Complete) ++lists_;
  for (api::ObjectKey& key : known_.end_list()) ports_.on_change(Remove{std::move(key)});
  ports_.on_progress();
}

void KindWatch::tell_health(Health before) {
  if (state_.health == before) return;
  ports_.on_progress();
  switch (state_.health) {
    case Health::Starting:
      return;
    case Health::Live:
      if (before == Health::Absent || before == Health::Forbidden) log::info("{} can be read now", where(scope_));
      return;
    case Health::Absent:
      return log::info("the API server has no {}: their CRD is not installed; looked for again by and by",
                       where(scope_));
    case Health::Forbidden:
      return log::warning(
          "{} may not be read: {}; grant get, list and watch, for example with the ClusterRole of the chart",
          where(scope_), state_.error);
    case Health::Unauthorized:
    case Health::Unreachable:
    case Health::Refused:
      return;  // seldom of one kind alone: told once for all (kube_source)
  }
}

// ---- lists ---------------------------------------------------------------------------------------------------------

void KindWatch::list(const ListPage& page) {
  if (page.continue_token.empty()) known_.begin_list();
  kube::Request request;
  request.path = kube::collection_path(*scope_.resource, scope_.ns);
  request.query = fmt::format("limit={}", page.limit);
  if (!page.continue_token.empty()) request.query += "&continue=" + kube::escape(page.continue_token);
  if (!scope_.field_selector.empty()) request.query += "&fieldSelector=" + kube::escape(scope_.field_selector);
  request.timeout = longest_page;
  call_ = ports_.api.send(std::move(request), [this](Result<kube::Response> answer) { on_page(std::move(answer)); });
}

void KindWatch::on_page(Result<kube::Response> answer) {
  call_.cancel();
  if (!answer) {
    Error& error = answer.error();
    if (error.code == ErrorCode::TooLarge) return on(Oversized{std::move(error.context)});
    return on(Broken{std::move(error.context)});
  }
  if (answer->status != 200) return on(Declined{kube::read_api_status(*answer)});
  last_heard_ = ports_.clock.now();
  PageRead page;
  const bool sound = take_page(answer->body, page);
  if (scope_.resource->kind == api::Kind::Secret) wipe(answer->body);
  answer->body = {};
  if (!sound) return on(Garbled{"the answer to a list is not one"});
  on(page);
}

bool KindWatch::take_page(std::string_view body, PageRead& page) {
  const auto list = scan_list(body);
  if (!list) return false;
  for (const std::string_view item : list->items) take_object(item);
  page = {.version = list->version, .continue_token = list->continue_token};
  return true;
}

// ---- watches -------------------------------------------------------------------------------------------------------

void KindWatch::watch(const Watch& watch) {
  kube::Request request;
  request.path = kube::collection_path(*scope_.resource, scope_.ns);
  request.query = fmt::format("watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                              kube::escape(watch.version), watch.timeout.count());
  if (!scope_.field_selector.empty()) request.query += "&fieldSelector=" + kube::escape(scope_.field_selector);
  request.timeout = longest_silence;
  call_ =
      ports_.api.stream(std::move(request), {.on_open = [this] { on(Opened{}); },
                                             .on_line = [this](std::string_view line) { on_line(line); },
                                             .on_end = [this](Result<kube::Response> end) { on_end(std::move(end)); }});
}

void KindWatch::on_line(std::string_view line) {
  if (line.empty()) return;
  if (state_.phase != Phase::Watching) on(Opened{});
  last_heard_ = ports_.clock.now();
  const auto event = scan_event(line);
  if (!event) return on(Garbled{"a line of a watch is not an event"});
  if (event->type == "ERROR") return on(ErrorEvent{kube::read_api_status(event->object, 500)});
  const auto outline = scan_object(event->object);
  if (!outline) return on(Garbled{"an event of a watch holds no object"});
  // Types that are not known (yet) are passed over; their version still is where a watch can go on from.
  if (event->type == "ADDED" || event->type == "MODIFIED") {
    ++events_;
    take_object(event->object);
  } else if (event->type == "DELETED") {
    ++events_;
    remove_object(*outline);
  }
  on(Moved{std::string(outline->version)});
}

void KindWatch::on_end(Result<kube::Response> end) {
  call_.cancel();
  if (!end) {
    Error& error = end.error();
    if (error.code == ErrorCode::TooLarge) return on(Garbled{std::move(error.context)});
    return on(Broken{std::move(error.context)});
  }
  if (end->status != 200) return on(Declined{kube::read_api_status(*end)});
  on(Ended{});
}

// ---- objects -------------------------------------------------------------------------------------------------------

void KindWatch::take_object(std::string_view text) {
  const auto outline = scan_object(text);
  const std::string_view ns = outline ? outline->ns : std::string_view();
  const std::string_view name = outline ? outline->name : std::string_view();
  if (outline && ports_.wanted && !ports_.wanted({scope_.resource->kind, std::string(ns), std::string(name)})) return;
  if (outline && known_.is_known(ns, name, outline->version)) return;
  std::vector<api::Finding> findings;
  auto object = outline ? reader_.read(text, *outline, findings) : std::nullopt;
  if (!object) {
    known_.put_broken(ns, name, std::move(findings));
    return ports_.on_progress();
  }
  if (!known_.put(*object)) return;
  if (ports_.on_text) ports_.on_text(api::key_of(*object), text);
  ports_.on_change(Upsert{std::move(*object)});
}

void KindWatch::remove_object(const ObjectOutline& outline) {
  if (known_.remove(outline.ns, outline.name))
    return ports_.on_change(Remove{{scope_.resource->kind, std::string(outline.ns), std::string(outline.name)}});
  ports_.on_progress();  // a finding may have gone with it
}

}  // namespace pintle::source
