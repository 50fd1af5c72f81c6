// What is wrong (or worth knowing) about a manifest, for `validate`, the log and the admin API.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::api {

enum class Severity : std::uint8_t { Info, Warning, Error };
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

/// `id` is stable and documented: "GW0101". Ids 01xx: reading of bytes; 02xx: shape of an object (fields,
/// types, required); 03xx: values (names, ranges, patterns, enums, sizes); 04xx: rules between fields; 05xx:
/// folders and duplicates.
struct Finding {
  std::string_view id;  ///< static storage
  Severity severity = Severity::Error;
  std::string file;
  std::uint32_t line = 0;  ///< from 1; 0: not known
  std::uint32_t column = 0;
  std::string object;      ///< "HTTPRoute default/shop", or empty
  std::string field_path;  ///< "spec.rules[0].matches[1].path.value"
  std::string message;     ///< what is wrong, values quoted and escaped
  std::string fix;         ///< what to write instead; may be empty
  friend bool operator==(const Finding&, const Finding&) = default;
};
/// "file:line:column: error GW0301: message (field) fix: …" on one line.
[[nodiscard]] std::string format_finding(const Finding& finding);

/// One row per id, in order: the page `explain-error` prints and the table the documentation is made from.
struct FindingDoc {
  std::string_view id;
  Severity severity;
  std::string_view title;
  std::string_view meaning;
  std::string_view fix{};  ///< the way out where the finding itself names no better one
};
[[nodiscard]] const std::vector<FindingDoc>& finding_docs();
/// Gives findings without a fix that of their row.
void add_ways_out(std::vector<Finding>& findings);

}  // namespace pintle::api
