#include "controller/reconcile/replica_lease.hpp"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/kube/resource.hpp"

namespace pintle::reconcile {
namespace {

namespace asio = boost::asio;
using nlohmann::json;

}  // namespace

struct ReplicaLease::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, ReplicaLease::Settings given, kube::Api& server)
      : settings(std::move(given)), api(server), timer(io) {}

  [[nodiscard]] std::string name() const { return fmt::format("replica-{}", settings.pod); }

  void tell(std::string marks) {
    wanted = std::move(marks);
    if (!busy) send();
  }

  void send() {
    if (wanted == written) return;
    busy = true;
    const std::string marks = *wanted;
    call = api.send(exists ? change(marks) : create(marks),
                    [this, marks](const Result<kube::Response>& answer) { on_answer(marks, answer); });
  }

  [[nodiscard]] kube::Request create(const std::string& marks) const {
    const json owner{{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", settings.pod}, {"uid", settings.pod_uid}};
    const json metadata{{"name", name()},
                        {"namespace", settings.ns},
                        {"labels", {{std::string(replica_label), settings.release}}},
                        {"annotations", {{std::string(served_annotation), marks}}},
                        {"ownerReferences", json::array({owner})}};
    kube::Request request;
    request.method = kube::Method::Post;
    request.path = leases_path(settings.ns);
    request.body = json{{"apiVersion", "coordination.k8s.io/v1"},
                        {"kind", "Lease"},
                        {"metadata", metadata},
                        {"spec", {{"holderIdentity", settings.pod}}}}
                       .dump();
    return request;
  }

  [[nodiscard]] kube::Request change(const std::string& marks) const {
    kube::Request request;
    request.method = kube::Method::Patch;
    request.path = fmt::format("{}/{}", leases_path(settings.ns), kube::escape(name()));
    request.content_type = kube::merge_patch_type;
    request.body = json{{"metadata", {{"annotations", {{std::string(served_annotation), marks}}}}}}.dump();
    return request;
  }

  void on_answer(const std::string& marks, const Result<kube::Response>& answer) {
    const int status = answer ? answer->status : 0;
    const bool success = status >= 200 && status < 300;
    if (success) {
      written = marks;
      exists = true;
    } else if (status == 409 || status == 404) {
      exists = status == 409;  // a container of the pod that has gone made it; or somebody deleted it
    }
    const bool turned = status == 409 || status == 404;
    rest(success || turned ? settings.pace : settings.retry);
  }

  void rest(Millis delay) {
    timer.expires_after(delay);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& fault) {
      const auto self = weak.lock();
      if (!self || fault) return;
      self->busy = false;
      self->send();
    });
  }

  ReplicaLease::Settings settings;
  kube::Api& api;
  asio::steady_timer timer;
  kube::Call call;
  std::optional<std::string> wanted;
  std::optional<std::string> written;
  bool exists = false;
  bool busy = false;  ///< a request is under way, or the pause after it
};

ReplicaLease::ReplicaLease(asio::io_context& io, Settings settings, kube::Api& api)
    : state_(std::make_shared<State>(io, std::move(settings), api)) {}
ReplicaLease::~ReplicaLease() {
  state_->call.cancel();
  state_->timer.cancel();
}

void ReplicaLease::tell(const std::set<Mark>& marks) { state_->tell(write_marks(marks)); }

std::string leases_path(std::string_view ns) {
  return fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases", kube::escape(ns));
}

Replica read_replica(std::string_view lease) {
  Replica made;
  const json object = json::parse(lease, nullptr, false);
  const auto text_at = [&object](const char* pointer) {
    const json found = object.is_object() ? object.value(json::json_pointer(pointer), json()) : json();
    return found.is_string() ? found.get<std::string>() : std::string();
  };
  if (text_at("/metadata/labels/pintle.dev~1replica-of").empty()) return made;
  made.pod = text_at("/spec/holderIdentity");
  made.marks = read_marks(text_at("/metadata/annotations/pintle.dev~1served-gateways"));
  return made;
}

}  // namespace pintle::reconcile
