// The safety net of all reuse: after any history of edits, what is served and told is what the objects alone give.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"
#include "controller/compile/compile.hpp"
#include "controller/compile/dump.hpp"
#include "controller/resolve/resolve.hpp"
#include "controller/status/sink.hpp"
#include "controller/status/status_text.hpp"
#include "controller/store/store.hpp"

namespace pintle::reconcile {
namespace {

constexpr Wall now{std::chrono::seconds{1'750'000'000}};

/// The pure pipeline with all it keeps from one generation to the next, as the reconciler runs it.
class Pipeline {
 public:
  void apply(const source::Batch& batch) { store_.apply(batch); }

  void run() {
    const store::ClusterSnapshot snapshot = store_.freeze();
    resolve::Resolution resolution = resolve::resolve(snapshot, {}, memo_);
    compile::Compilation made = compile::compile(resolution.model, Generation{1}, std::move(previous_));
    previous_ = std::move(made.next);
    compile::tell_losers(made.losers, resolution.report);
    compiled_ = std::move(made.compiled);
    auto report = std::make_shared<const resolve::StatusReport>(std::move(resolution.report));
    write(*report, snapshot, finished_.get());
    finished_ = std::move(report);
    EXPECT_EQ(write(*finished_, snapshot, nullptr), 0U) << "a status that should have been written was not";
  }

  /// Table and statuses of what is ours. The order of conditions and parents is that in which they came, which is no
  /// part of it.
  [[nodiscard]] std::string show() const {
    std::string text = compile::dump_yaml(compiled_);
    const auto add = [&](const resolve::ObjectId& object) {
      status::StatusValue sorted = *sink_.statuses().at(object.key);
      std::visit([](auto& status) { sort(status); }, sorted);
      text += status::to_yaml({object.key, {}, 0, std::make_shared<const status::StatusValue>(std::move(sorted))});
    };
    for (const auto& report : finished_->classes) add(report.object);
    for (const auto& report : finished_->gateways) {
      add(report.object);
      for (const auto& set : report.sets) add(set.object);
    }
    for (const auto& report : finished_->routes) add(report->object);
    for (const auto& report : finished_->policies) add(report->object);
    return text;
  }

 private:
  static void sort(std::vector<api::Condition>& conditions) {
    std::ranges::sort(conditions, {}, &api::Condition::type);
    for (api::Condition& one : conditions) one.last_transition_time = {};
  }
  static void sort(api::GatewayClassStatus& status) { sort(status.conditions); }
  static void sort(api::GatewayStatus& status) {
    sort(status.conditions);
    for (api::ListenerStatus& listener : status.listeners) sort(listener.conditions);
    // Once there was a count, a Gateway without sets has 0 of them.
    if (status.attached_listener_sets == 0) status.attached_listener_sets.reset();
  }
  static void sort(api::ListenerSetStatus& status) {
    sort(status.conditions);
    for (api::ListenerStatus& listener : status.listeners) sort(listener.conditions);
  }
  static void sort(SharedList<api::RouteParentStatus>& entries) {
    std::vector<api::RouteParentStatus> sorted = entries.copy();
    for (api::RouteParentStatus& one : sorted) sort(one.conditions);
    std::ranges::sort(sorted, {}, &api::RouteParentStatus::parent_ref);
    entries = std::move(sorted);
  }
  static void sort(api::PolicyStatus& status) { sort(status.ancestors); }
  static void sort(api::RouteStatus& status) { sort(status.parents); }

  std::size_t write(const resolve::StatusReport& report, const store::ClusterSnapshot& snapshot,
                    const resolve::StatusReport* finished) {
    runtime::ApplyReport applied{.generation = Generation{1}, .sockets = {}, .workers = 1, .acknowledged = 1};
    for (const runtime::PlannedSocket& socket : compiled_.plan->sockets)
      applied.sockets.push_back({.socket = socket.id, .address = socket.address, .error = std::nullopt});
    const auto patches = status::finish_status(
        {.report = report, .apply = applied, .previous = sink_.previous(snapshot), .now = now, .finished = finished});
    EXPECT_TRUE(sink_.write(patches).empty());
    return patches.size();
  }

  store::Store store_;
  resolve::Memo memo_;
  compile::Previous previous_;
  std::shared_ptr<const resolve::StatusReport> finished_;
  runtime::Compiled compiled_;
  status::FolderStatusSink sink_;
};

/// Manifests at random, of every kind that counts; few names, so that they meet.
class Manifests {
 public:
  explicit Manifests(unsigned seed) : random_(seed) {
    std::ifstream in(std::string(PINTLE_SOURCE_DIR) + "/test/golden/certificates.yaml", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t at = 0; at != std::string::npos;) {
      const std::size_t end = text.find("\n---\n", at);
      secrets_.push_back(text.substr(at, end - at));
      at = end == std::string::npos ? end : end + 5;
    }
  }

  unsigned roll(unsigned sides) { return static_cast<unsigned>(random_() % sides); }

  std::string make() {
    switch (roll(14)) {
      case 0:
        return gateway();
      case 12:
      case 13:
        return listener_set();
      case 1:
        return slice();
      case 2:
        return service();
      case 3:
        return space();
      case 4:
        return grant();
      case 5:
        return secrets_[roll(static_cast<unsigned>(secrets_.size()))];
      case 6:
        return roll(3) == 0 ? gateway_class() : route();
      default:
        return route();
    }
  }

 private:
  std::string pick(std::initializer_list<const char*> words) {
    return words.begin()[roll(static_cast<unsigned>(words.size()))];
  }
  std::string letter() { return pick({"a", "b", "c", "d"}); }
  std::string ns() { return pick({"default", "default", "other"}); }

  static std::string head(std::string_view group, std::string_view kind, const std::string& meta) {
    return fmt::format("apiVersion: {}\nkind: {}\nmetadata: {{{}}}\n", group, kind, meta);
  }
  std::string gateway_class() {
    return head("gateway.networking.k8s.io/v1", "GatewayClass", "name: " + pick({"pintle", "pintle", "another"})) +
           fmt::format("spec: {{controllerName: {}}}\n",
                       pick({"pintle.dev/gateway-controller", "pintle.dev/gateway-controller", "x.dev/foreign"}));
  }
  std::string listener(const std::string& name) {
    const bool tls = roll(3) == 0;
    return fmt::format(
        "  - {{name: {}, port: {}, protocol: {}{}{}, allowedRoutes: {{namespaces: {{{}}}}}}}\n", name,
        tls ? 443 : 80 + roll(2), tls ? "HTTPS" : pick({"HTTP", "HTTP", "HTTP", "TCP"}),
        pick({"", ", hostname: a.example.com", ", hostname: \"*.example.com\""}),
        tls ? fmt::format(", tls: {{certificateRefs: [{{name: {}}}]}}", pick({"good", "wild", "garbage", "absent"}))
            : "",
        pick({"from: Same", "from: All", "from: Selector, selector: {matchLabels: {l: a}}"}));
  }
  std::string gateway() {
    return head("gateway.networking.k8s.io/v1", "Gateway",
                fmt::format("name: {}, namespace: default, creationTimestamp: \"2026-01-0{}T00:00:00Z\"", letter(),
                            roll(3) + 1)) +
           fmt::format(
               "spec:\n  gatewayClassName: {}\n{}  listeners:\n", pick({"pintle", "pintle", "another"}),
               pick({"", "  allowedListeners: {namespaces: {from: All}}\n",
                     "  allowedListeners: {namespaces: {from: Same}}\n",
                     "  allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {l: a}}}}\n"})) +
           listener("one") + listener("two");
  }
  std::string listener_set() {
    return head("gateway.networking.k8s.io/v1", "ListenerSet",
                fmt::format("name: {}, namespace: {}, creationTimestamp: \"2026-01-0{}T00:00:00Z\"", letter(), ns(),
                            roll(3) + 1)) +
           fmt::format("spec:\n  parentRef: {{name: {}, namespace: default}}\n  listeners:\n", letter()) +
           listener("one") + (roll(2) == 0 ? listener("three") : "");
  }
  std::string route() {
    const std::string parents =
        fmt::format("{{name: {}, namespace: default{}}}", letter(), pick({"", ", sectionName: one", ", port: 81"}));
    const std::string second =
        roll(3) == 0 ? fmt::format(", {{name: {}, namespace: default{}}}", letter(),
                                   pick({"", ", kind: ListenerSet", ", kind: ListenerSet, sectionName: three"}))
                     : "";
    std::string text =
        head("gateway.networking.k8s.io/v1", "HTTPRoute",
             fmt::format("name: {}{}, namespace: {}, labels: {{l: {}}}, creationTimestamp: \"2026-02-0{}T00:00:00Z\"",
                         letter(), letter(), ns(), letter(), roll(3) + 1)) +
        fmt::format("spec:\n  parentRefs: [{}{}]\n  hostnames: [{}]\n  rules:\n", parents, second,
                    pick({"", "a.example.com", "a.example.com, b.example.com", "\"*.example.com\"", "else.org"}));
    for (unsigned rules = roll(2) + 1; rules > 0; --rules)
      text += fmt::format(
          "  - matches: [{{path: {{type: {}, value: {}}}}}]\n    backendRefs: [{{name: {}, port: 80{}}}, {{name: {}, "
          "port: 80}}]\n",
          pick({"PathPrefix", "PathPrefix", "Exact"}), pick({"/", "/x", "/y"}), letter(),
          pick({"", "", ", namespace: other"}), letter());
    if (roll(6) == 0)
      text +=
          "  - matches: [{path: {type: RegularExpression, value: \"(\"}}]\n    backendRefs: [{name: a, port: 80}]\n";
    return text;
  }
  std::string service() {
    return head("v1", "Service", fmt::format("name: {}, namespace: {}, labels: {{l: {}}}", letter(), ns(), letter())) +
           fmt::format("spec: {{ports: [{{name: http, port: {}}}]}}\n", pick({"80", "80", "81"}));
  }
  /// Some endpoints are refused, which routes are told of.
  std::string slice() {
    const std::string name = letter();
    return head("discovery.k8s.io/v1", "EndpointSlice",
                fmt::format("name: {}-{}, namespace: {}, labels: {{kubernetes.io/service-name: {}}}", name, roll(2),
                            ns(), roll(5) == 0 ? letter() : name)) +
           fmt::format("addressType: IPv4\nports: [{{name: http, port: 8080}}]\nendpoints: [{{addresses: [{}]}}]\n",
                       pick({"10.0.0.1", "10.0.0.2", "10.0.0.3", "127.0.0.1"}));
  }
  std::string space() {
    return head("v1", "Namespace", fmt::format("name: {}, labels: {{l: {}}}", ns(), pick({"a", "b"})));
  }
  std::string grant() {
    return head("gateway.networking.k8s.io/v1", "ReferenceGrant", fmt::format("name: {}, namespace: other", letter())) +
           fmt::format(
               "spec:\n  from: [{{group: gateway.networking.k8s.io, namespace: default, kind: HTTPRoute}}]\n"
               "  to: [{{group: \"\", kind: Service, name: {}}}]\n",
               letter());
  }

  std::mt19937 random_;
  std::vector<std::string> secrets_;
};

/// As an API server has accepted it.
api::AnyObject decode(const std::string& manifest) {
  std::vector<api::AnyObject> objects;
  std::vector<api::Finding> findings;
  const auto read = [&](api::Document&& document) {
    api::decode_document(document, {.mode = api::DecodeMode::Lenient}, objects, findings);
  };
  api::read_yaml({.bytes = manifest, .file = std::make_shared<const std::string>("test.yaml")}, read, findings);
  if (objects.empty()) throw std::runtime_error(api::format_finding(findings.at(0)) + '\n' + manifest);
  return std::move(objects.front());
}

/// The objects as a source holds them: a generation that grows, a uid of each life.
class World {
 public:
  source::Change put(const std::string& manifest) {
    api::AnyObject object = decode(manifest);
    const api::ObjectKey key = api::key_of(object);
    if (!objects_.contains(key)) ++lives_;
    const std::string uid = objects_.contains(key) ? api::metadata_of(objects_.at(key)).uid : std::to_string(lives_);
    api::set_identity(object, ++generation_, uid);
    objects_.insert_or_assign(key, object);
    return source::Upsert{std::move(object)};
  }
  source::Change remove(std::size_t number) {
    const auto at = std::next(objects_.begin(), static_cast<std::ptrdiff_t>(number));
    source::Change change = source::Remove{at->first};
    objects_.erase(at);
    return change;
  }
  [[nodiscard]] unsigned size() const { return static_cast<unsigned>(objects_.size()); }
  [[nodiscard]] source::Batch all() const {
    source::Batch batch;
    for (const auto& [key, object] : objects_) batch.changes.emplace_back(source::Upsert{object});
    return batch;
  }

 private:
  std::map<api::ObjectKey, api::AnyObject> objects_;
  std::int64_t generation_ = 0;
  int lives_ = 0;
};

class History : public ::testing::TestWithParam<unsigned> {};

TEST_P(History, LeavesNoTrace) {
  Manifests manifests(GetParam());
  World world;
  Pipeline pipeline;
  for (int round = 0; round < 1500; ++round) {
    source::Batch batch;
    for (unsigned edits = manifests.roll(4) == 0 ? 3 : 1; edits > 0; --edits) {
      const bool removes = world.size() > 20 && manifests.roll(3) == 0;
      batch.changes.push_back(removes ? world.remove(manifests.roll(world.size())) : world.put(manifests.make()));
    }
    pipeline.apply(batch);
    pipeline.run();
    Pipeline fresh;
    fresh.apply(world.all());
    fresh.run();
    ASSERT_EQ(pipeline.show(), fresh.show()) << "round " << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, History, ::testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace pintle::reconcile
