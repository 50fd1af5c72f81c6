// Names and marks of what is made in the cluster for a Gateway (GEP-1762), and how it is recognised again.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/gateway.hpp"

namespace pintle::resolve {

inline constexpr std::string_view gateway_name_label = "gateway.networking.k8s.io/gateway-name";
inline constexpr std::string_view gateway_class_label = "gateway.networking.k8s.io/gateway-class-name";
inline constexpr std::string_view managed_by_label = "app.kubernetes.io/managed-by";
inline constexpr std::string_view managed_by_pintle = "pintle";
/// Annotation: which controller made it. Two Pintles of one cluster never take each other's objects for their own.
inline constexpr std::string_view controller_annotation = "pintle.dev/controller-name";

/// The name itself if it can be the value of a label (at most 63 characters), else cut and told apart by a hash.
[[nodiscard]] std::string label_value(std::string_view name);

/// "<gateway>-<class>" if a Service can be called so; then the same cut and told apart by a hash, for when the first is
/// no name or somebody else's: Gateway "a-b" of class "c" and Gateway "a" of class "b-c" share a namespace too.
[[nodiscard]] std::vector<std::string> service_names(const api::Gateway& gateway);

/// Made by the controller of that name; whose it is, its owner says.
[[nodiscard]] bool is_made_by(const api::ObjectMeta& object, std::string_view controller_name) noexcept;
/// The Gateway that owns the object; nullptr if none does.
[[nodiscard]] const api::OwnerReference* find_gateway_owner(const api::ObjectMeta& object) noexcept;
/// Both of that very Gateway: one made anew under the same name is another.
[[nodiscard]] bool is_made_for(const api::ObjectMeta& object, const api::Gateway& gateway,
                               std::string_view controller_name) noexcept;

}  // namespace pintle::resolve
