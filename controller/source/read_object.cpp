#include "controller/source/read_object.hpp"

#include <memory>
#include <string.h>
#include <utility>

#include <fmt/format.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::source {
namespace {

constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";

const std::shared_ptr<const std::string>& no_file() {
  static const auto none = std::make_shared<const std::string>();
  return none;
}

/// Items of lists do not say what they are, and what holds metadata alone says that.
void set_type(api::Value& object, std::string_view key, std::string_view text, kube::Detail detail) {
  for (api::Member& member : object.members) {
    if (member.key != key) continue;
    if (detail == kube::Detail::Metadata) member.value.text = text;
    return;
  }
  api::Member member;
  member.key = key;
  member.value.type = api::Value::Type::String;
  member.value.text = text;
  object.members.push_back(std::move(member));
}

[[nodiscard]] api::Value* find_mapping(api::Value& object, std::string_view key) {
  for (api::Member& member : object.members)
    if (member.key == key && member.value.type == api::Value::Type::Mapping) return &member.value;
  return nullptr;
}

void drop_last_applied(api::Value& root) {
  api::Value* metadata = find_mapping(root, "metadata");
  api::Value* annotations = metadata == nullptr ? nullptr : find_mapping(*metadata, "annotations");
  if (annotations == nullptr) return;
  std::erase_if(annotations->members, [](const api::Member& member) { return member.key == last_applied; });
}

}  // namespace

ObjectReader::ObjectReader(const kube::Resource& resource)
    : resource_(resource),
      api_version_(resource.group.empty() ? std::string(resource.version)
                                          : fmt::format("{}/{}", resource.group, resource.version)) {}

std::optional<api::AnyObject> ObjectReader::read(std::string_view text, const ObjectOutline& outline,
                                                 std::vector<api::Finding>& findings) {
  std::string_view bytes = text;
  if (!outline.managed_fields.empty()) {
    const auto from = static_cast<std::size_t>(outline.managed_fields.data() - text.data());
    buffer_.assign(text.substr(0, from));
    buffer_ += "null";
    buffer_ += text.substr(from + outline.managed_fields.size());
    bytes = buffer_;
  }
  const std::size_t before = findings.size();
  std::optional<api::AnyObject> object;
  api::read_json(
      {.bytes = bytes, .file = no_file()},
      [&](api::Document&& document) {
        api::Value root = std::move(document.root);
        set_type(root, "apiVersion", api_version_, resource_.detail);
        set_type(root, "kind", api::to_string(resource_.kind), resource_.detail);
        drop_last_applied(root);
        object = api::decode_object(root, api::DecodeMode::Lenient, findings);
      },
      findings);
  if (resource_.kind == api::Kind::Secret) explicit_bzero(buffer_.data(), buffer_.size());
  const std::string name = api::to_string({resource_.kind, std::string(outline.ns), std::string(outline.name)});
  for (std::size_t at = before; at < findings.size(); ++at) {
    findings[at].line = findings[at].column = 0;  // of a text that nobody wrote
    findings[at].object = name;
  }
  if (object && api::kind_of(*object) != resource_.kind) object.reset();
  return object;
}

}  // namespace pintle::source
