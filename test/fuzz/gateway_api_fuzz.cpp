// Manifests through the whole pure pipeline: read, decode, resolve, compile, statuses (req 64-69). The input is YAML,
// or JSON if it starts with a brace. Property: nothing crashes in either mode of decoding; the order of the objects and
// what was there before change nothing in table and statuses; and tenants are isolated: with the input's objects moved
// to namespace "b", all that belongs to namespace "a" stays as it is without them.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <span>

#include <nlohmann/json.hpp>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"
#include "controller/compile/compile.hpp"
#include "controller/compile/dump.hpp"
#include "controller/resolve/resolve.hpp"
#include "controller/status/finish.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using Json = nlohmann::ordered_json;
/// Each key once, as a source gives them.
using World = std::map<api::ObjectKey, api::AnyObject>;

constexpr std::string_view tenant_a = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: a, creationTimestamp: "1970-01-01T00:00:01Z"}
spec:
  gatewayClassName: pintle
  listeners:
  - {name: http, protocol: HTTP, port: 80}
  - {name: shop, protocol: HTTP, port: 80, hostname: shop.example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: a, creationTimestamp: "1970-01-01T00:00:01Z"}
spec:
  parentRefs: [{name: edge}]
  hostnames: [shop.example.com]
  rules:
  - matches: [{path: {value: /cart}}, {path: {type: Exact, value: /}}]
    backendRefs: [{name: cart, port: 80}, {name: missing, port: 80}]
  - backendRefs: [{name: cart, namespace: b, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: a}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-1, namespace: a, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: ["10.0.0.1"]}]
)";

/// Only what decides is moved: references keep the namespaces they name, so that they reach for others' objects.
void move_to(api::Value& object, std::string_view ns) {
  for (api::Member& member : object.members) {
    if (member.key == "items")
      for (api::Value& item : member.value.items) move_to(item, ns);
    if (member.key != "metadata") continue;
    std::erase_if(member.value.members, [](const api::Member& m) { return m.key == "namespace"; });
    api::Value value;
    value.type = api::Value::Type::String;
    value.text = ns;
    member.value.members.push_back({"namespace", member.at, std::move(value)});
  }
}

/// Where the path of a finding leads in its document is a place that can be shown.
void require_places(const api::Value& root, std::span<const api::Finding> findings) {
  for (const api::Finding& finding : findings) {
    const api::Position place = api::find_position(root, finding.field_path);
    require(place.line != 0 && place.column != 0, "a field path leads to a place", finding.field_path);
  }
}

struct Reading {
  api::DecodeMode mode = api::DecodeMode::Strict;
  std::string_view move_all_to{};  ///< empty: stay
};

World read_world(std::string_view text, const Reading& reading) {
  static const auto file = std::make_shared<const std::string>("fuzz.yaml");
  std::vector<api::AnyObject> objects;
  std::vector<api::Finding> findings;
  const auto take = [&](api::Document&& document) {
    const std::size_t before = findings.size();
    if (!reading.move_all_to.empty()) move_to(document.root, reading.move_all_to);
    api::decode_document(document, {.mode = reading.mode}, objects, findings);
    if (reading.move_all_to.empty()) require_places(document.root, std::span(findings).subspan(before));
  };
  const api::ReadInput input{text, file, {}};
  text.starts_with('{') ? api::read_json(input, take, findings) : api::read_yaml(input, take, findings);
  api::add_ways_out(findings);
  for (const api::Finding& finding : findings) {
    require(!finding.id.empty() && !finding.message.empty(), "findings speak");
    const std::string shown = api::format_finding(finding);
    require(is_utf8(shown), "a finding is UTF-8", shown);
    for (const char c : shown)
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a finding is one line without control bytes", shown);
  }
  World world;
  for (api::AnyObject& object : objects) {
    const api::ObjectKey key = api::key_of(object);
    if (world.contains(key)) continue;
    api::set_identity(object, 1, to_string(key));
    world.emplace(key, std::move(object));
  }
  return world;
}

World merged(World world, const World& under) {
  world.insert(under.begin(), under.end());
  return world;
}

struct Outcome {
  Json table;
  std::vector<status::StatusPatch> patches;
};

/// What one generation leaves to the next.
struct Past {
  resolve::Memo memo;
  compile::Previous previous;
};

Outcome translate(const std::vector<api::AnyObject>& objects, Past& past) {
  source::Batch batch;
  for (const api::AnyObject& object : objects) batch.changes.emplace_back(source::Upsert{object});
  store::Store store;
  store.apply(batch);
  const store::ClusterSnapshot snapshot = store.freeze();
  const resolve::Resolution resolution = resolve::resolve(snapshot, {}, past.memo);
  compile::Compilation compilation = compile::compile(resolution.model, Generation{1}, past.previous);
  past.previous = std::move(compilation.next);
  runtime::ApplyReport applied{.generation = Generation{1}, .sockets = {}, .workers = 1, .acknowledged = 1};
  for (const runtime::PlannedSocket& socket : compilation.compiled.plan->sockets)
    applied.sockets.push_back({.socket = socket.id, .address = socket.address, .error = std::nullopt});
  return {compile::dump(compilation.compiled),
          status::finish_status(resolution.report, applied, status::statuses_of(snapshot), Wall{})};
}

std::vector<api::AnyObject> objects_of(const World& world) {
  std::vector<api::AnyObject> objects;
  for (const auto& [key, object] : world) objects.push_back(object);
  return objects;
}

Outcome translate(const World& world) {
  Past past;
  return translate(objects_of(world), past);
}

std::string text_of(const Json& json) { return json.dump(1, ' ', true, Json::error_handler_t::replace); }

void require_equal(const Outcome& a, const Outcome& b, std::string_view property) {
  if (a.table != b.table) violated(property, text_of(a.table) + "\n" + text_of(b.table));
  require(a.patches == b.patches, property, "statuses");
}

/// The part of `outcome` that belongs to namespace a.
Outcome part_of_a(const Outcome& outcome) {
  Outcome part;
  constexpr std::pair<const char*, const char*> lists[] = {
      {"sockets", "gateway"}, {"rules", "rule"}, {"backends", "name"}, {"certificates", "source"}};
  for (const auto& [list, owner] : lists) {
    if (!outcome.table.contains(list)) continue;
    for (const Json& one : outcome.table.at(list))
      if (one.at(owner).get_ref<const std::string&>().starts_with("a/")) part.table[list].push_back(one);
  }
  for (const status::StatusPatch& patch : outcome.patches)
    if (patch.key.ns == "a") part.patches.push_back(patch);
  return part;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The class and Services most golden cases stand on, and tenant a.
const World& base() {
  static const World world =
      merged(read_world(tenant_a, {}), read_world(read_file(PINTLE_SOURCE_DIR "/test/golden/common.yaml"), {}));
  return world;
}

void translate_all(std::string_view input, const World& read) {
  const World world = merged(read, base());
  const Outcome straight = translate(world);

  std::vector<api::AnyObject> shuffled = objects_of(world);
  Dice dice(input);
  for (std::size_t left = shuffled.size(); left > 1; --left) std::swap(shuffled[left - 1], shuffled[dice.below(left)]);
  Past none;
  require_equal(translate(shuffled, none), straight, "the order of objects does not matter");
  Past past;  // has no Secret: one that has gone bad would keep its certificate (req 57)
  static_cast<void>(translate(objects_of(base()), past));
  require_equal(translate(objects_of(world), past), straight, "the past does not matter");
}

void isolate(std::string_view input) {
  World tenant_b = read_world(input, {.mode = api::DecodeMode::Lenient, .move_all_to = "b"});
  // An API server gives the times, and the older object wins where two claim one thing; so b may not be the older one.
  // A grant in b is b's own word on who may refer to it: it may open b to a.
  std::erase_if(tenant_b, [](const auto& item) {
    const api::ObjectMeta& meta = api::metadata_of(item.second);
    return meta.ns != "b" || meta.creation_timestamp < Wall{} || item.first.kind == api::Kind::ReferenceGrant;
  });
  static const Outcome alone = part_of_a(translate(base()));
  require(alone.table.contains("sockets") && alone.patches.size() == 2, "tenant a is served");
  require_equal(part_of_a(translate(merged(std::move(tenant_b), base()))), alone, "tenants are isolated");
}

void run(std::string_view input) {
  if (input.size() > 32 * 1024) return;
  const World strict = read_world(input, {});
  const World lenient = read_world(input, {.mode = api::DecodeMode::Lenient});
  translate_all(input, strict);
  const auto same = [](const auto& a, const auto& b) { return api::same_content(a.second, b.second); };
  if (!std::ranges::equal(strict, lenient, same)) translate_all(input, lenient);
  isolate(input);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
