// One object of the API server: JSON text to a typed object, leniently; metadata.managedFields and the copy of itself
// that kubectl leaves in an annotation are dropped before they cost anything.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/finding.hpp"
#include "controller/kube/resource.hpp"
#include "controller/source/json_scan.hpp"

namespace pintle::source {

/// Its buffer is used again from object to object, and wiped where Secrets pass through.
class ObjectReader {
 public:
  explicit ObjectReader(const kube::Resource& resource);

  /// nullopt after findings that say why; they name the object. `outline` is that of `text`.
  [[nodiscard]] std::optional<api::AnyObject> read(std::string_view text, const ObjectOutline& outline,
                                                   std::vector<api::Finding>& findings);

 private:
  const kube::Resource& resource_;
  std::string api_version_;
  std::string buffer_;
};

}  // namespace pintle::source
