// The outlines of a JSON text, without a tree: where the objects of a list lie and what they are called. A page of a
// list is read object by object, so that one that is broken costs the others nothing and only one is ever held as a
// tree.
//  - guarantees: spans are views into the text given; nothing nests on the stack; what is not an object of the
//    expected outline is nullopt.
//  - leaves to others: whether the inside of a value is JSON at all (read_json).
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::source {

/// Calls with each key (as written between the quotes) and value of an object; false when the outline is broken.
bool for_each_member(std::string_view object, const std::function<void(std::string_view, std::string_view)>& call);
/// The same of an array; "null" is an empty one.
bool for_each_item(std::string_view array, const std::function<void(std::string_view)>& call);
/// What stands between the quotes, as written: names, versions and tokens need no escapes. Empty for any other value.
[[nodiscard]] std::string_view string_in(std::string_view value);

struct ListOutline {
  std::string_view api_version;  ///< of the list
  std::string_view kind;         ///< "HTTPRouteList"
  std::string version;           ///< metadata.resourceVersion
  std::string continue_token;
  std::vector<std::string_view> items;
};
[[nodiscard]] std::optional<ListOutline> scan_list(std::string_view text);

struct ObjectOutline {
  std::string_view api_version;  ///< empty for items of a built-in kind: the list says it for all
  std::string_view kind;
  std::string_view ns;
  std::string_view name;
  std::string_view version;         ///< metadata.resourceVersion
  std::string_view managed_fields;  ///< the value of metadata.managedFields; often half of the text
};
[[nodiscard]] std::optional<ObjectOutline> scan_object(std::string_view text);

struct EventOutline {
  std::string_view type;  ///< "ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"
  std::string_view object;
};
[[nodiscard]] std::optional<EventOutline> scan_event(std::string_view line);

}  // namespace pintle::source
