// Our part of a status into the status an object has now: conditions and parents of others stay where they are, byte
// for byte (GEP-1364, req 69). Pure. Private to this module.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "controller/status/finish.hpp"

namespace pintle::status {

/// Whether there is anything in the status that is not ours. Without it the status is ours as a whole.
[[nodiscard]] bool holds_foreign(const StatusValue& status, std::string_view controller_name);

/// What the API server said an object is.
struct LiveObject {
  std::string uid;
  std::string resource_version;
};
/// nullopt if the text is no object with metadata.
[[nodiscard]] std::optional<LiveObject> read_live(std::string_view object);

/// The members of `status` that are written, as JSON text. A condition of ours that has seen a newer generation stays
/// (another replica has judged it), one whose status is the same keeps its time. nullopt if nothing would change.
[[nodiscard]] std::optional<std::string> splice_status(const StatusPatch& patch, std::string_view controller_name,
                                                       std::string_view object);

}  // namespace pintle::status
