#include "controller/status/kube_sink.hpp"

#include <map>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/kube/resource.hpp"
#include "controller/status/splice.hpp"
#include "controller/status/status_json.hpp"

namespace pintle::status {
namespace {

using nlohmann::json;
using Answer = Result<kube::Response>;

/// Conflicts in a row before the write waits: whoever writes that often should be let finish.
constexpr int most_conflicts = 5;

const api::ObjectMeta* find_metadata(const store::ClusterSnapshot& snapshot, const api::ObjectKey& key) {
  const api::ObjectMeta* found = nullptr;
  api::for_each_status_kind([&]<class Object>() {
    if (Object::kind != key.kind) return;
    if (const auto* object = snapshot.find<Object>(key.ns, key.name)) found = &object->metadata;
  });
  return found;
}

StatusPtr find_status(const store::ClusterSnapshot& snapshot, const api::ObjectKey& key) {
  StatusPtr found;
  api::for_each_status_kind([&]<class Object>() {
    if (Object::kind != key.kind) return;
    if (const auto* object = snapshot.find<Object>(key.ns, key.name))
      found = std::make_shared<const StatusValue>(object->status);
  });
  return found;
}

kube::Request patch_request(const StatusPatch& patch, const std::string& resource_version, std::string_view status) {
  const json metadata{{"uid", patch.uid}, {"resourceVersion", resource_version}};
  kube::Request made;
  made.method = kube::Method::Patch;
  made.path = kube::object_path(kube::resource_of(patch.key.kind), patch.key.ns, patch.key.name, "status");
  made.content_type = kube::merge_patch_type;
  made.body = fmt::format(R"({{"metadata":{},"status":{}}})", metadata.dump(), status);
  return made;
}

bool is_success(int status) { return status >= 200 && status < 300; }

}  // namespace

struct KubeStatusSink::State {
  struct Job {
    StatusPatch patch;
    kube::Call call;
    int conflicts = 0;
  };
  /// On its way, or there and not seen yet: the object was of `version` when it was judged.
  struct Written {
    std::string uid;
    std::string version;
    StatusPtr status;
  };
  State(boost::asio::io_context& io, Ports given, kube::WriteQueue::Settings settings)
      : ports(std::move(given)), queue(io, settings, [this](const api::ObjectKey& key) { begin(key); }) {}

  /// What changed since the snapshot before: its cost is that of the change, not of the world.
  void follow(const store::ClusterSnapshot& now) {
    api::for_each_status_kind([&]<class Object>() { follow<Object>(now); });
    snapshot = now;
  }
  template <class T>
  void follow(const store::ClusterSnapshot& now) {
    StatusPtr last;  // thousands of routes say the same of one parent
    store::for_each_change<T>(snapshot, now, [&](const T* before, const T* after) {
      const api::ObjectKey key = api::key_of(after != nullptr ? *after : *before);
      const auto sent = written.find(key);
      if (after != nullptr && sent != written.end() && sent->second.uid == after->metadata.uid &&
          sent->second.version == after->metadata.resource_version)
        return;
      if (sent != written.end()) written.erase(sent);
      if (after == nullptr) {
        statuses->erase(key);
      } else {
        if (!last || *last != StatusValue(after->status)) last = std::make_shared<const StatusValue>(after->status);
        statuses->insert_or_assign(key, last);
      }
    });
  }
  /// It is not on its way: what counts is what the object says.
  void forget_written(const api::ObjectKey& key) {
    if (written.erase(key) == 0) return;
    if (const auto said = find_status(snapshot, key))
      statuses->insert_or_assign(key, said);
    else
      statuses->erase(key);
  }

  void put(const StatusPatch& patch) {
    const api::ObjectMeta* metadata = find_metadata(snapshot, patch.key);
    statuses->insert_or_assign(patch.key, patch.status);
    written.insert_or_assign(
        patch.key, Written{patch.uid, metadata == nullptr ? std::string() : metadata->resource_version, patch.status});
    waiting.insert_or_assign(patch.key, patch);
    queue.want(patch.key);
  }

  void begin(const api::ObjectKey& key) {
    const auto next = waiting.find(key);
    if (next == waiting.end()) return queue.finish(key, kube::Outcome::Done);
    Job& job = jobs[key];
    job = {.patch = std::move(next->second), .call = {}, .conflicts = 0};
    waiting.erase(next);
    if (!ports.authority.is_leader()) return drop(key);
    const api::ObjectMeta* metadata = find_metadata(snapshot, key);
    const bool known = metadata != nullptr && metadata->uid == job.patch.uid && !metadata->resource_version.empty();
    if (!known || holds_foreign(*job.patch.status, ports.controller_name)) return read(job);
    write(job, metadata->resource_version,
          to_json(*job.patch.status).dump(-1, ' ', false, json::error_handler_t::replace));
  }

  void read(Job& job) {
    kube::Request request;
    const api::ObjectKey& key = job.patch.key;
    request.path = kube::object_path(kube::resource_of(key.kind), key.ns, key.name);
    job.call = ports.api.send(std::move(request), [this, key](const Answer& answer) { on_read(key, answer); });
  }

  void on_read(const api::ObjectKey& key, const Answer& answer) {
    Job& job = jobs.at(key);
    if (!ports.authority.is_leader() || (answer && answer->status == 404)) return drop(key);
    if (!answer || !is_success(answer->status)) return fail(job, answer);
    const auto live = read_live(answer->body);
    if (!live) return fail(job, make_error(ErrorCode::Malformed, "the answer is no object", Side::Upstream));
    if (live->uid != job.patch.uid) return drop(key);
    const auto status = splice_status(job.patch, ports.controller_name, answer->body);
    if (!status) return finish(key);
    write(job, live->resource_version, *status);
  }

  void write(Job& job, const std::string& resource_version, std::string_view status) {
    job.call = ports.api.send(patch_request(job.patch, resource_version, status),
                              [this, key = job.patch.key](const Answer& answer) { on_written(key, answer); });
  }

  void on_written(const api::ObjectKey& key, const Answer& answer) {
    Job& job = jobs.at(key);
    if (answer && is_success(answer->status)) return finish(key);
    if (!ports.authority.is_leader() || (answer && answer->status == 404)) return drop(key);
    if (answer && answer->status == 409) {
      // A newer judgement waits: it is made of newer objects, and goes at once in place of this.
      if (waiting.contains(key)) return finish(key);
      if (++job.conflicts < most_conflicts) return read(job);
    }
    fail(job, answer);
  }

  void fail(Job& job, const Answer& answer) {
    const api::ObjectKey key = job.patch.key;
    const bool conflict = answer && answer->status == 409;
    if (!conflict)
      errors.push_back({answer ? ErrorCode::InvalidArgument : answer.error().code, Side::Upstream, Retry::Never,
                        kube::describe_failure(key, answer)});
    if (!conflict && !kube::may_pass_later(answer)) return finish(key);
    waiting.try_emplace(key, std::move(job.patch));
    jobs.erase(key);
    queue.finish(key, kube::Outcome::Again, answer ? answer->retry_after : std::nullopt);
  }

  void finish(const api::ObjectKey& key) {
    const auto over = jobs.extract(key);  // `key` may be its own
    queue.finish(over.key(), kube::Outcome::Done);
  }

  /// It was not written, and is not remembered as if it were.
  void drop(const api::ObjectKey& key) {
    forget_written(key);
    finish(key);
  }

  void drop_all() {
    queue.clear();
    jobs.clear();
    waiting.clear();
    while (!written.empty()) forget_written(api::ObjectKey(written.begin()->first));
  }

  Ports ports;
  store::ClusterSnapshot snapshot;
  std::shared_ptr<Statuses> statuses = std::make_shared<Statuses>();
  std::map<api::ObjectKey, StatusPatch> waiting;
  std::map<api::ObjectKey, Job> jobs;
  std::map<api::ObjectKey, Written> written;
  std::vector<Error> errors;
  kube::WriteQueue queue;
};

KubeStatusSink::KubeStatusSink(boost::asio::io_context& io, Ports ports, kube::WriteQueue::Settings settings)
    : state_(std::make_shared<State>(io, std::move(ports), settings)) {}
KubeStatusSink::~KubeStatusSink() { state_->drop_all(); }

std::vector<Error> KubeStatusSink::write(std::span<const StatusPatch> patches) {
  if (state_->ports.authority.is_leader())
    for (const StatusPatch& patch : patches) state_->put(patch);
  else
    state_->drop_all();
  return std::exchange(state_->errors, {});
}

const Statuses& KubeStatusSink::previous(const store::ClusterSnapshot& snapshot) {
  state_->follow(snapshot);
  return *state_->statuses;
}

std::shared_ptr<const Statuses> KubeStatusSink::shared_statuses() const { return state_->statuses; }
bool KubeStatusSink::idle() const noexcept { return state_->queue.idle(); }

}  // namespace pintle::status
