// Documents to typed objects.
//  - Strict: as an API server (and kubectl's strict validation) would: an object that breaks its schema in
//  any way, an
//    unknown field included, is refused, and every fault is a finding with its place.
//  - Lenient, for what an API server has already accepted: unknown fields are ignored, unknown enum values
//  kept, values and
//    rules between fields not checked again; only an object without a name or with a field of the wrong type
//    is refused.
// Both fill in the defaults of the API. Kinds Pintle does not use give an informational finding and no
// object.
#pragma once
#include <optional>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"

namespace pintle::api {

enum class DecodeMode : std::uint8_t { Strict, Lenient };

struct DecodeOptions {
  DecodeMode mode = DecodeMode::Strict;
  /// Namespace of a namespaced object that names none; as kubectl without -n.
  std::string_view default_namespace = "default";
};

/// One object, not a List. Findings are appended.
[[nodiscard]] std::optional<AnyObject> decode_object(const Document& document, const DecodeOptions& options,
                                                     std::vector<Finding>& findings);
[[nodiscard]] std::optional<AnyObject> decode_object(const Value& value, DecodeMode mode,
                                                     std::vector<Finding>& findings);

/// One object, or the items of a List; what cannot be decoded is left out and has a finding.
void decode_document(const Document& document, const DecodeOptions& options, std::vector<AnyObject>& objects,
                     std::vector<Finding>& findings);

}  // namespace pintle::api
