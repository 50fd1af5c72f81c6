// Typed Kubernetes objects as Pintle sees them. Contract of the module:
//  - guarantees: an object that comes out of decode_object() obeys its schema (see decode.hpp), with the
//  API's defaults
//    filled in, so that nobody downstream asks "is it set or default?"; objects are immutable once shared.
//  - leaves to others: what objects mean together (references, grants, conflicts): resolve.
//  - threads: plain values; made on the control thread, shared as shared_ptr<const T> with any thread.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/rare.hpp>
#include <pintle/base/shared_list.hpp>

#include "controller/api/labels.hpp"

namespace pintle::api {

enum class Kind : std::uint8_t {
  GatewayClass,
  Gateway,
  HTTPRoute,
  ReferenceGrant,
  Service,
  EndpointSlice,
  Secret,
  ConfigMap,
  Namespace,
  ListenerSet,
  GRPCRoute,
  TLSRoute,
  TCPRoute,
  UDPRoute,
  BackendTLSPolicy,
  XBackendTrafficPolicy,
  CustomResourceDefinition,
};
inline constexpr std::size_t kind_count = static_cast<std::size_t>(Kind::CustomResourceDefinition) + 1;

inline constexpr std::string_view gateway_group = "gateway.networking.k8s.io";
inline constexpr std::string_view experimental_group = "gateway.networking.x-k8s.io";
inline constexpr std::string_view core_group = "";
inline constexpr std::string_view discovery_group = "discovery.k8s.io";
inline constexpr std::string_view extensions_group = "apiextensions.k8s.io";
inline constexpr std::string_view namespace_name_label = "kubernetes.io/metadata.name";
inline constexpr std::string_view service_name_label = "kubernetes.io/service-name";

[[nodiscard]] std::string_view to_string(Kind kind) noexcept;
[[nodiscard]] std::string_view group_of(Kind kind) noexcept;
/// "gateway.networking.k8s.io/v1", "v1": with the version that is written.
[[nodiscard]] std::string api_version_of(Kind kind);
/// The kind of that group and kind name; nullopt for any Pintle does not know.
[[nodiscard]] std::optional<Kind> find_kind(std::string_view group, std::string_view kind) noexcept;
/// GatewayClass, Namespace and CustomResourceDefinition have no namespace.
[[nodiscard]] bool is_cluster_scoped(Kind kind) noexcept;

/// Order: kind, namespace, name; the order of everything that is listed.
struct ObjectKey {
  Kind kind = Kind::Gateway;
  std::string ns;  ///< empty for cluster-scoped kinds
  std::string name;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};
/// "HTTPRoute default/shop", "GatewayClass pintle".
[[nodiscard]] std::string to_string(const ObjectKey& key);

/// Where an object was written. Empty file: it did not come from a file. Lines and columns count from 1.
/// The place is not part of what an object is: two places always compare equal.
struct SourceLocation {
  std::shared_ptr<const std::string> file;  ///< shared by all objects of the file
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t document = 0;    ///< index of the document in the file, from 0
  std::uint32_t item = no_item;  ///< index in the document's List, or no_item

  static constexpr std::uint32_t no_item = 0xffffffff;
  [[nodiscard]] std::string_view path() const noexcept { return file ? std::string_view(*file) : std::string_view(); }
  friend bool operator==(const SourceLocation&, const SourceLocation&) noexcept { return true; }
};

/// metav1.OwnerReference, reduced to who the owner is.
struct OwnerReference {
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;  ///< the one owner that looks after the object
  friend bool operator==(const OwnerReference&, const OwnerReference&) = default;
};

struct ObjectMeta {
  std::string name;
  std::string ns;  ///< empty for cluster-scoped kinds
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  Wall creation_timestamp{};
  std::optional<Wall> deletion_timestamp;
  Labels labels;
  Labels annotations;
  SharedList<OwnerReference> owner_references;
  SharedList<std::string> finalizers;
  SourceLocation location;
  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

/// An enum whose unknown values are kept with their text: the API may grow values, and a controller answers
/// an unknown one with a condition (UnsupportedValue), never with a crash. E must have the enumerator
/// Unknown.
template <class E>
struct OpenEnum {
  E value{};

  OpenEnum() = default;
  OpenEnum(E known) : value(known) {}
  [[nodiscard]] static OpenEnum unknown(std::string word) {
    OpenEnum made(E::Unknown);
    made.text_ = std::move(word);
    return made;
  }
  [[nodiscard]] bool is_unknown() const noexcept { return value == E::Unknown; }
  /// Of an unknown value; else empty.
  [[nodiscard]] std::string_view text() const noexcept { return text_ ? std::string_view(*text_) : std::string_view(); }
  operator E() const noexcept { return value; }
  friend bool operator==(const OpenEnum&, const OpenEnum&) = default;
  friend bool operator==(const OpenEnum& a, E b) noexcept { return a.value == b; }

 private:
  Rare<std::string> text_;
};

/// metav1.LabelSelector. An empty selector matches everything.
struct LabelSelectorRequirement {
  enum class Operator : std::uint8_t { In, NotIn, Exists, DoesNotExist, Unknown };
  std::string key;
  OpenEnum<Operator> op;
  std::vector<std::string> values;
  friend bool operator==(const LabelSelectorRequirement&, const LabelSelectorRequirement&) = default;
};
struct LabelSelector {
  StringMap match_labels;
  std::vector<LabelSelectorRequirement> match_expressions;
  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;
};
/// As the Kubernetes API defines it: every label and every expression must hold; NotIn holds for an absent
/// key; an unknown operator selects nothing (and is_valid says so).
[[nodiscard]] bool matches(const LabelSelector& selector, const Labels& labels);
/// nullopt when sound, else what is wrong: unknown operator, In without values, Exists with values.
[[nodiscard]] std::optional<std::string> find_fault(const LabelSelector& selector);

}  // namespace pintle::api
