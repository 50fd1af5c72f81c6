#include "controller/api/object.hpp"

#include <algorithm>
#include <array>

#include "controller/api/any_object.hpp"

namespace pintle::api {
namespace {

struct KindRow {
  std::string_view name;
  std::string_view group;
};
constexpr std::array<KindRow, kind_count> kinds{{
    {"GatewayClass", gateway_group},
    {"Gateway", gateway_group},
    {"HTTPRoute", gateway_group},
    {"ReferenceGrant", gateway_group},
    {"Service", core_group},
    {"EndpointSlice", discovery_group},
    {"Secret", core_group},
    {"ConfigMap", core_group},
    {"Namespace", core_group},
    {"ListenerSet", gateway_group},
    {"GRPCRoute", gateway_group},
    {"TLSRoute", gateway_group},
    {"TCPRoute", gateway_group},
    {"UDPRoute", gateway_group},
    {"BackendTLSPolicy", gateway_group},
    {"XBackendTrafficPolicy", experimental_group},
    {"CustomResourceDefinition", extensions_group},
}};

}  // namespace

std::string_view to_string(Kind kind) noexcept { return kinds[static_cast<std::size_t>(kind)].name; }
std::string_view group_of(Kind kind) noexcept { return kinds[static_cast<std::size_t>(kind)].group; }

std::string api_version_of(Kind kind) {
  const std::string_view group = group_of(kind);
  if (group.empty()) return "v1";
  return std::string(group) + (group == experimental_group ? "/v1alpha1" : "/v1");
}

std::optional<Kind> find_kind(std::string_view group, std::string_view kind) noexcept {
  for (std::size_t at = 0; at < kinds.size(); ++at) {
    if (kinds[at].name == kind && kinds[at].group == group) return static_cast<Kind>(at);
  }
  return std::nullopt;
}

bool is_cluster_scoped(Kind kind) noexcept {
  return kind == Kind::GatewayClass || kind == Kind::Namespace || kind == Kind::CustomResourceDefinition;
}

std::string to_string(const ObjectKey& key) {
  std::string out(to_string(key.kind));
  out += ' ';
  if (!key.ns.empty()) {
    out += key.ns;
    out += '/';
  }
  out += key.name;
  return out;
}

bool matches(const LabelSelector& selector, const Labels& labels) {
  using Operator = LabelSelectorRequirement::Operator;
  for (const auto& [key, value] : selector.match_labels) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return std::ranges::all_of(selector.match_expressions, [&](const LabelSelectorRequirement& one) {
    const auto found = labels.find(one.key);
    const bool present = found != labels.end();
    const bool listed = present && std::ranges::find(one.values, found->second) != one.values.end();
    switch (one.op.value) {
      case Operator::In:
        return listed;
      case Operator::NotIn:
        return !listed;
      case Operator::Exists:
        return present;
      case Operator::DoesNotExist:
        return !present;
      case Operator::Unknown:
        return false;
    }
    return false;
  });
}

std::optional<std::string> find_fault(const LabelSelector& selector) {
  using Operator = LabelSelectorRequirement::Operator;
  for (const LabelSelectorRequirement& one : selector.match_expressions) {
    if (one.key.empty()) return "a label selector has an expression without key";
    if (one.op.is_unknown())
      return "operator \"" + std::string(one.op.text()) +
             "\" of a label selector is not one of In, NotIn, Exists, DoesNotExist";
    const bool lists = one.op == Operator::In || one.op == Operator::NotIn;
    if (lists && one.values.empty()) return "a label selector's In or NotIn expression has no values";
    if (!lists && !one.values.empty()) return "a label selector's Exists or DoesNotExist expression has values";
  }
  return std::nullopt;
}

std::string_view to_string(ConditionStatus status) noexcept {
  switch (status) {
    case ConditionStatus::True:
      return "True";
    case ConditionStatus::False:
      return "False";
    case ConditionStatus::Unknown:
      return "Unknown";
  }
  return "Unknown";
}

std::string_view to_string(HTTPMethod method) noexcept {
  constexpr std::array<std::string_view, 10> words{"GET",     "HEAD",    "POST",  "PUT",   "DELETE",
                                                   "CONNECT", "OPTIONS", "TRACE", "PATCH", "Unknown"};
  return words[static_cast<std::size_t>(method)];
}

std::string_view to_string(HTTPFilterType type) noexcept {
  constexpr std::array<std::string_view, 9> words{
      "RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "RequestRedirect", "URLRewrite", "CORS",
      "ExternalAuth",          "ExtensionRef",           "Unknown"};
  return words[static_cast<std::size_t>(type)];
}

const SharedList<HTTPRouteMatch>& every_http_request() {
  static const SharedList<HTTPRouteMatch> one{HTTPRouteMatch{}};
  return one;
}

std::string_view EndpointSlice::service_name() const noexcept {
  const auto found = metadata.labels.find(service_name_label);
  return found == metadata.labels.end() ? std::string_view() : std::string_view(found->second);
}

const pintle::Secret* Secret::find(std::string_view key) const noexcept {
  const auto found = data.find(key);
  return found == data.end() ? nullptr : &found->second;
}

bool same_content(const AnyObject& a, const AnyObject& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& held) {
        using Held = std::remove_cvref_t<decltype(held)>;
        const Held& other = *std::get_if<Held>(&b);
        return held == other || *held == *other;
      },
      a);
}

bool same_input(const AnyObject& a, const AnyObject& b) {
  if (a.index() != b.index()) return false;
  const auto same_metadata = [](const ObjectMeta& x, const ObjectMeta& y) {
    return x.name == y.name && x.ns == y.ns && x.uid == y.uid && x.generation == y.generation &&
           x.creation_timestamp == y.creation_timestamp && x.deletion_timestamp == y.deletion_timestamp &&
           x.labels == y.labels && x.annotations == y.annotations;
  };
  return std::visit(
      [&](const auto& held) {
        using Held = std::remove_cvref_t<decltype(held)>;
        const Held& other = *std::get_if<Held>(&b);
        if constexpr (requires {
                        held->spec;
                        held->status;
                      })
          return same_metadata(held->metadata, other->metadata) && held->spec == other->spec;
        else
          return *held == *other;
      },
      a);
}

bool same_spec(const AnyObject& a, const AnyObject& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& held) {
        using Held = std::remove_cvref_t<decltype(held)>;
        const Held& other = *std::get_if<Held>(&b);
        if constexpr (requires { held->spec; })
          return held->spec == other->spec;
        else
          return true;
      },
      a);
}

void set_identity(AnyObject& object, std::int64_t generation, std::string uid) {
  std::visit(
      [&](auto& held) {
        using T = std::remove_const_t<typename std::remove_cvref_t<decltype(held)>::element_type>;
        // made by make_shared<T> in decode and not shared yet: the object itself is not const
        ObjectMeta& meta = std::const_pointer_cast<T>(held)->metadata;
        meta.generation = generation;
        meta.uid = std::move(uid);
      },
      object);
}

}  // namespace pintle::api
