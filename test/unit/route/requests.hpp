// Requests and table parts for the tests of the routing library, made from plain text.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/route/lookup.hpp>
#include <pintle/route/table.hpp>

namespace pintle::route::testing {

using Lines = std::vector<std::pair<std::string, std::string>>;

/// Owns the bytes a RequestView looks at.
class Request {
 public:
  Request(std::string method, std::string host, std::string target, const Lines& headers = {});
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;
  [[nodiscard]] RequestView view() const;

 private:
  std::string method_;
  std::string host_;
  std::string path_;
  std::string query_;
  std::string bytes_;
  std::vector<http::Field> fields_;
};

[[nodiscard]] Regex regex(std::string_view pattern);
[[nodiscard]] FieldMatch header(std::string name, std::string value);
[[nodiscard]] FieldMatch header_regex(std::string name, std::string_view pattern);
[[nodiscard]] FieldMatch query(std::string name, std::string value);
[[nodiscard]] FieldMatch query_regex(std::string name, std::string_view pattern);
[[nodiscard]] PathMatch exact(std::string path);
[[nodiscard]] PathMatch prefix(std::string path);
[[nodiscard]] PathMatch path_regex(std::string_view pattern);

/// Where a match stands in its cluster.
struct Place {
  std::string route = "default/a";
  std::uint32_t rule = 0;
  std::uint32_t match = 0;
  std::int64_t created_at = 0;
};
/// Fills in the Rank as the resolver does, from the conditions and the place.
[[nodiscard]] Match ranked(Match match, const Place& place = {});
/// An entry whose rule is named after its place: "route/rule/match" is what a test compares.
[[nodiscard]] Entry entry(Match match, const Place& place = {});
[[nodiscard]] std::string name_of(const Entry* entry);

[[nodiscard]] HostTablePtr host_table(std::vector<Entry> entries);
[[nodiscard]] Listener listener(std::string name, std::string hostname,
                                std::vector<std::pair<std::string, HostTablePtr>> hosts);

}  // namespace pintle::route::testing
