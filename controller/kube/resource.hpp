// Kinds as the Kubernetes API spells them in paths. One table: a kind enters the watch by a row here.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controller/api/object.hpp"

namespace pintle::kube {

enum class Scope : std::uint8_t { Cluster, Namespaced };
/// What is asked of each object. Metadata: as a meta.k8s.io/v1 PartialObjectMetadata.
enum class Detail : std::uint8_t { Whole, Metadata };

struct Resource {
  api::Kind kind = api::Kind::Gateway;
  std::string_view group;    ///< "" for the core group
  std::string_view version;  ///< "v1"
  std::string_view plural;   ///< "httproutes"
  Scope scope = Scope::Namespaced;
  Detail detail = Detail::Whole;
};

/// The kinds the controller follows, in the order of api::Kind.
[[nodiscard]] std::span<const Resource> followed_resources() noexcept;
[[nodiscard]] const Resource& resource_of(api::Kind kind) noexcept;

/// "/apis/gateway.networking.k8s.io/v1/httproutes" or, with a namespace, ".../namespaces/NS/httproutes".
[[nodiscard]] std::string collection_path(const Resource& resource, std::string_view ns = {});
/// The path of one object; with `subresource` ("status") of that part of it.
[[nodiscard]] std::string object_path(const Resource& resource, std::string_view ns, std::string_view name,
                                      std::string_view subresource = {});
/// RFC 3986 section 2.3: all but unreserved characters escaped.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace pintle::kube
