#include "controller/source/collection_watch.hpp"

#include <random>
#include <string.h>
#include <utility>

#include <fmt/format.h>

#include <pintle/base/log.hpp>

namespace pintle::source {
namespace {

/// Bookmarks come about once a minute: a stream silent for longer than two of them has no peer any more.
constexpr Millis longest_silence{150'000};
constexpr Millis longest_page{60'000};

void wipe(std::string& text) noexcept { explicit_bzero(text.data(), text.size()); }

}  // namespace

std::function<double()> make_dice() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

void CollectionWatch::on(const Happening& happening) {
  const Health before = state_.health;
  const Step next = step(state_, happening, {.now = ports_.clock.now(), .chance = ports_.chance()});
  settle(next.verdict);
  act(next.action);
  tell_health(before);
}

void CollectionWatch::act(const Action& action) {
  if (const auto* page = std::get_if<ListPage>(&action)) return list(*page);
  if (const auto* stream = std::get_if<Watch>(&action)) return watch(*stream);
  if (const auto* wait = std::get_if<Wait>(&action)) {
    call_.cancel();
    alarm_ = ports_.clock.after(wait->delay, [this] { on(Due{}); });
  }
}

void CollectionWatch::settle(Verdict verdict) {
  if (verdict == Verdict::Keep) return;
  if (verdict == Verdict::Empty) ports_.on_list();
  if (verdict == Verdict::Complete) ++lists;
  ports_.on_complete();
}

void CollectionWatch::tell_health(Health before) {
  if (state_.health == before) return;
  ports_.on_health();
  switch (state_.health) {
    case Health::Starting:
      return;
    case Health::Live:
      if (before == Health::Absent || before == Health::Forbidden) log::info("{} can be read now", collection_.name);
      return;
    case Health::Absent:
      return log::info("the API server has no {}: their CRD is not installed; looked for again by and by",
                       collection_.name);
    case Health::Forbidden:
      return log::warning(
          "{} may not be read: {}; grant get, list and watch, for example with the ClusterRole of the chart",
          collection_.name, state_.error);
    case Health::Unauthorized:
    case Health::Unreachable:
    case Health::Refused:
      return;  // seldom of one kind alone: told once for all (kube_source)
  }
}

// ---- lists ---------------------------------------------------------------------------------------------------------

void CollectionWatch::list(const ListPage& page) {
  if (page.continue_token.empty()) ports_.on_list();
  kube::Request request;
  request.path = collection_.path;
  request.query = fmt::format("limit={}", page.limit);
  if (!page.continue_token.empty()) request.query += "&continue=" + kube::escape(page.continue_token);
  if (!collection_.selectors.empty()) request.query += "&" + collection_.selectors;
  if (collection_.detail == kube::Detail::Metadata) request.accept = kube::metadata_list_type;
  request.timeout = longest_page;
  call_ = ports_.api.send(std::move(request), [this](Result<kube::Response> answer) { on_page(std::move(answer)); });
}

void CollectionWatch::on_page(Result<kube::Response> answer) {
  call_.cancel();
  if (!answer) {
    Error& error = answer.error();
    if (error.code == ErrorCode::TooLarge) return on(Oversized{std::move(error.context)});
    return on(Broken{std::move(error.context)});
  }
  if (answer->status != 200) return on(Declined{kube::read_api_status(*answer)});
  last_heard = ports_.clock.now();
  PageRead page;
  const bool sound = take_page(answer->body, page);
  if (collection_.contents == Contents::Keys) wipe(answer->body);
  answer->body = {};
  if (!sound) return on(Garbled{"the answer to a list is not one"});
  on(page);
}

bool CollectionWatch::take_page(std::string_view body, PageRead& page) {
  const auto list = scan_list(body);
  if (!list) return false;
  for (const std::string_view item : list->items) ports_.on_object(item, scan_object(item));
  page = {.version = list->version, .continue_token = list->continue_token};
  return true;
}

// ---- watches -------------------------------------------------------------------------------------------------------

void CollectionWatch::watch(const Watch& watch) {
  kube::Request request;
  request.path = collection_.path;
  request.query = fmt::format("watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
                              kube::escape(watch.version), watch.timeout.count());
  if (!collection_.selectors.empty()) request.query += "&" + collection_.selectors;
  if (collection_.detail == kube::Detail::Metadata) request.accept = kube::metadata_type;
  request.timeout = longest_silence;
  call_ =
      ports_.api.stream(std::move(request), {.on_open = [this] { on(Opened{}); },
                                             .on_line = [this](std::string_view line) { on_line(line); },
                                             .on_end = [this](Result<kube::Response> end) { on_end(std::move(end)); }});
}

void CollectionWatch::on_line(std::string_view line) {
  if (line.empty()) return;
  if (state_.phase != Phase::Watching) on(Opened{});
  last_heard = ports_.clock.now();
  const auto event = scan_event(line);
  if (!event) return on(Garbled{"a line of a watch is not an event"});
  if (event->type == "ERROR") return on(ErrorEvent{kube::read_api_status(event->object, 500)});
  const auto outline = scan_object(event->object);
  if (!outline) return on(Garbled{"an event of a watch holds no object"});
  // Types that are not known (yet) are passed over; their version still is where a watch can go on from.
  if (event->type == "ADDED" || event->type == "MODIFIED") {
    ++events;
    ports_.on_object(event->object, outline);
  } else if (event->type == "DELETED") {
    ++events;
    ports_.on_removed(*outline);
  }
  on(Moved{std::string(outline->version)});
}

void CollectionWatch::on_end(Result<kube::Response> end) {
  call_.cancel();
  if (!end) {
    Error& error = end.error();
    if (error.code == ErrorCode::TooLarge) return on(Garbled{std::move(error.context)});
    return on(Broken{std::move(error.context)});
  }
  if (end->status != 200) return on(Declined{kube::read_api_status(*end)});
  on(Ended{});
}

}  // namespace pintle::source
