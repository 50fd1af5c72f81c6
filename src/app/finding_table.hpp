// The findings of `validate` that need more than one object, and, with those of the decoder
// (controller/api/finding.hpp), all there are: docs/findings.md is made from this. Ids: 06xx conditions an object would
// get, 07xx rules among each other, 08xx certificates, 09xx worth knowing. Static data.
#pragma once
#include <string_view>
#include <vector>

#include "controller/api/finding.hpp"

namespace pintle::app {

struct CrossFindingDoc {
  api::FindingDoc doc;
  std::string_view reason;  ///< the condition reason of the Gateway API it stands for; empty: none
  std::string_view fix;
};
[[nodiscard]] const std::vector<CrossFindingDoc>& cross_finding_docs();
[[nodiscard]] const CrossFindingDoc& find_cross_finding(std::string_view id);
/// A reason that has no row is told as GW0600: none is lost.
[[nodiscard]] const CrossFindingDoc& find_finding_of_reason(std::string_view reason);

/// Both tables, by id.
[[nodiscard]] std::vector<api::FindingDoc> all_finding_docs();

}  // namespace pintle::app
