#include "controller/infra/writer.hpp"

#include <optional>
#include <set>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "controller/kube/resource.hpp"
#include "controller/resolve/reasons.hpp"

namespace pintle::infra {
namespace {

namespace asio = boost::asio;

bool lost_a_race(const Action& action, int status) {
  return status == 409 || (status == 404 && action.verb == Verb::Patch);
}

/// A Delete of what is gone has done its work.
bool is_done(const Action& action, int status) {
  return (status >= 200 && status < 300) || (status == 404 && action.verb == Verb::Delete);
}

resolve::Problem problem_of(const Action& action, const Result<kube::Response>& answer) {
  const bool refused = answer && answer->status == 422 && action.verb != Verb::Delete;
  const bool by_address = refused && kube::failure_message(*answer).contains("IP");
  return {by_address ? "spec.addresses" : "", by_address ? std::string(resolve::reason::address_not_usable) : "Pending",
          kube::describe_failure(action.object, answer)};
}

}  // namespace

struct InfraWriter::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Ports given, InfraWriter::Settings settings)
      : ports(std::move(given)),
        echo(settings.echo),
        queue(io, settings.queue, [this](const api::ObjectKey& key) { begin(key); }),
        look_again(io) {}

  void apply(const std::vector<Action>& actions) {
    if (!ports.authority.is_leader()) return drop_all();
    std::map<api::ObjectKey, Action> plan;
    for (const Action& action : actions) plan.insert_or_assign(action.object, action);
    std::erase_if(done, [&plan](const auto& one) {
      const auto found = plan.find(one.first);
      return found == plan.end() || found->second != one.second;
    });
    std::erase_if(refused, [&plan](const auto& one) { return !plan.contains(one.first); });
    wanted = std::move(plan);
    for (const auto& [key, action] : wanted)
      if (!done.contains(key)) queue.want(key);
    tell();
  }

  void drop_all() {
    wanted.clear();
    done.clear();
    refused.clear();
    calls.clear();
    queue.clear();
    look_again.cancel();
    tell();
  }

  void begin(const api::ObjectKey& key) {
    const auto found = wanted.find(key);
    if (found == wanted.end() || done.contains(key) || !ports.authority.is_leader()) {
      queue.finish(key, kube::Outcome::Done);
      return;
    }
    calls[key] =
        ports.api.send(request_of(found->second), [this, action = found->second](const Result<kube::Response>& answer) {
          calls.erase(action.object);
          on_answer(action, answer);
        });
  }

  void on_answer(const Action& action, const Result<kube::Response>& answer) {
    const api::ObjectKey key = action.object;
    if (answer && (is_done(action, answer->status) || lost_a_race(action, answer->status))) {
      refused.erase(key);
      done.insert_or_assign(key, action);
      if (const auto newest = wanted.find(key); newest != wanted.end() && newest->second != action) done.erase(key);
      await_echo();
      queue.finish(key, kube::Outcome::Done);
      if (wanted.contains(key) && !done.contains(key)) queue.want(key);
    } else {
      ports.on_failure(kube::describe_failure(key, answer));
      refused.insert_or_assign(key, std::pair(action.cause, problem_of(action, answer)));
      queue.finish(key, kube::Outcome::Again, answer ? answer->retry_after : std::nullopt);
    }
    tell();
  }

  /// Within a moment the watch tells of what was done, and the next plan asks for it no more. If it does not, the
  /// same is done again: it may have been undone as fast.
  void await_echo() {
    if (std::exchange(awaiting_echo, true)) return;
    look_again.expires_after(echo);
    look_again.async_wait([weak = weak_from_this()](const boost::system::error_code& fault) {
      const auto self = weak.lock();
      if (!self) return;
      self->awaiting_echo = false;
      if (fault || self->done.empty()) return;
      self->done.clear();
      self->ports.replan();
    });
  }

  void tell() {
    std::map<api::ObjectKey, resolve::Problems> now;
    for (const auto& [object, problem] : refused) now[problem.first].push_back(problem.second);
    if (now == problems) return;
    problems = std::move(now);
    ports.on_problems();
  }

  Ports ports;
  Millis echo;
  bool awaiting_echo = false;
  std::map<api::ObjectKey, Action> wanted;
  std::map<api::ObjectKey, Action> done;  ///< of `wanted`, and the watch has not told of it yet
  std::map<api::ObjectKey, std::pair<api::ObjectKey, resolve::Problem>> refused;
  std::map<api::ObjectKey, resolve::Problems> problems;
  std::map<api::ObjectKey, kube::Call> calls;
  kube::WriteQueue queue;
  asio::steady_timer look_again;
};

InfraWriter::InfraWriter(asio::io_context& io, Ports ports, Settings settings)
    : state_(std::make_shared<State>(io, std::move(ports), settings)) {}
InfraWriter::~InfraWriter() {
  state_->calls.clear();
  state_->look_again.cancel();
}

void InfraWriter::apply(const std::vector<Action>& actions) { state_->apply(actions); }
const std::map<api::ObjectKey, resolve::Problems>& InfraWriter::problems() const noexcept { return state_->problems; }
bool InfraWriter::idle() const noexcept { return state_->queue.idle(); }

kube::Request request_of(const Action& action) {
  const kube::Resource& resource = kube::resource_of(action.object.kind);
  kube::Request made;
  made.body = action.body;
  switch (action.verb) {
    case Verb::Create:
      made.method = kube::Method::Post;
      made.path = kube::collection_path(resource, action.object.ns);
      break;
    case Verb::Patch:
      made.method = kube::Method::Patch;
      made.path = kube::object_path(resource, action.object.ns, action.object.name);
      made.content_type = kube::merge_patch_type;
      break;
    case Verb::Delete:
      made.method = kube::Method::Delete;
      made.path = kube::object_path(resource, action.object.ns, action.object.name);
      break;
  }
  return made;
}

}  // namespace pintle::infra
