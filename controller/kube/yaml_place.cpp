#include "controller/kube/yaml_place.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "controller/api/rules.hpp"
#include "controller/kube/small_file.hpp"

namespace pintle::kube {

namespace fs = std::filesystem;
using api::Value;

std::string text_of(const Place& place, std::string_view key) {
  const api::Member* member = place.value->find(key);
  if (member == nullptr || member->value.type == Value::Type::Null) return {};
  return member->value.text;
}

Result<bool> flag_of(const Place& place, std::string_view key) {
  const api::Member* member = place.value->find(key);
  if (member == nullptr || member->value.type == Value::Type::Null) return false;
  if (member->value.type != Value::Type::Bool) return fault(place, key, "must be true or false");
  return member->value.integer != 0;
}

std::string place_of(const Place& place, std::string_view key) {
  const api::Member* member = place.value->find(key);
  const api::Position at = member == nullptr ? place.value->at : member->at;
  return fmt::format("{}:{}:{}", place.file, at.line, at.column);
}

std::unexpected<Error> fault(const Place& place, std::string_view key, std::string_view what) {
  return make_error(ErrorCode::InvalidArgument,
                    fmt::format("{}: {}.{} {}", place_of(place, key), api::visible(place.path), key, what));
}

std::string absolute(std::string_view file, const std::string& path) {
  if (path.empty() || path.starts_with('/')) return path;
  return (fs::path(file).parent_path() / path).lexically_normal().string();
}

Result<Pem> read_pem(const Place& place, std::string_view key) {
  const std::string data_key = fmt::format("{}-data", key);
  if (const std::string data = text_of(place, data_key); !data.empty()) {
    auto bytes = api::decode_base64(data);
    if (!bytes) return fault(place, data_key, "is not base64; it is what `base64 -w0 FILE` prints");
    Pem out{.path = {}, .bytes = Secret(std::move(*bytes))};
    if (out.bytes.reveal().find("-----BEGIN ") == std::string_view::npos)
      return fault(place, data_key, "holds no PEM block");
    return out;
  }
  Pem out{.path = absolute(place.file, text_of(place, key)), .bytes = {}};
  if (out.path.empty()) return out;
  auto bytes = read_small_file(out.path);
  if (!bytes) return fault(place, key, fmt::format("names a file that is not usable: {}", bytes.error().context));
  const Secret looked_at(std::move(*bytes));
  if (looked_at.reveal().find("-----BEGIN ") == std::string_view::npos)
    return fault(place, key, fmt::format("names {}, which holds no PEM block", out.path));
  return out;
}

}  // namespace pintle::kube
