#include "controller/resolve/service_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <pintle/base/stable_hash.hpp>

#include "controller/api/rules.hpp"

namespace pintle::resolve {
namespace {

constexpr std::size_t longest = 63;  // of a label's value and of a Service's name
constexpr std::size_t hash_digits = 10;

/// `text` cut so that a dash and the hash of `identity` still fit behind it.
std::string cut_with_hash(std::string text, std::string_view identity) {
  text.resize(std::min(text.size(), longest - hash_digits - 1));
  while (!text.empty() && (text.back() == '-' || text.back() == '.')) text.pop_back();
  const std::string digits = fmt::format("{:016x}", stable_hash(identity));
  return fmt::format("{}-{}", text, std::string_view(digits).substr(0, hash_digits));
}

template <class Map>
bool holds(const Map& map, std::string_view key, std::string_view value) noexcept {
  const auto found = map.find(key);
  return found != map.end() && found->second == value;
}

}  // namespace

std::string label_value(std::string_view name) {
  return name.size() <= longest ? std::string(name) : cut_with_hash(std::string(name), name);
}

std::vector<std::string> service_names(const api::Gateway& gateway) {
  const std::string& name = gateway.metadata.name;
  const std::string& class_name = gateway.spec.gateway_class_name;
  const std::string plain = fmt::format("{}-{}", name, class_name);
  // A Service's name is an RFC 1035 label: no dots, and a letter first.
  std::string label = plain;
  std::ranges::replace(label, '.', '-');
  if (!api::is_dns1035_label(label)) label.insert(0, "gw-");
  std::vector<std::string> names;
  if (plain.size() <= longest && api::is_dns1035_label(plain)) names.push_back(plain);
  names.push_back(cut_with_hash(std::move(label), fmt::format("{}/{}", name, class_name)));
  return names;
}

bool is_made_by(const api::ObjectMeta& object, std::string_view controller_name) noexcept {
  return holds(object.labels, managed_by_label, managed_by_pintle) &&
         holds(object.annotations, controller_annotation, controller_name);
}

const api::OwnerReference* find_gateway_owner(const api::ObjectMeta& object) noexcept {
  const auto found = std::ranges::find_if(object.owner_references, [](const api::OwnerReference& owner) {
    return owner.controller && owner.kind == api::to_string(api::Kind::Gateway);
  });
  return found == object.owner_references.end() ? nullptr : &*found;
}

bool is_made_for(const api::ObjectMeta& object, const api::Gateway& gateway,
                 std::string_view controller_name) noexcept {
  const api::OwnerReference* owner = find_gateway_owner(object);
  return owner != nullptr && owner->uid == gateway.metadata.uid && is_made_by(object, controller_name);
}

}  // namespace pintle::resolve
