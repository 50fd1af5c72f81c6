// A second, slow opinion on routing, written from the text of the Gateway API and not from the code: every listener,
// host and match is looked at, nothing is indexed or sorted. It shares no function with src/route.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pintle::route::oracle {

enum class Kind : std::uint8_t { Exact, Regex, Prefix };
/// Patterns that the oracle can judge without a regex engine.
struct KnownRegex {
  const char* pattern;
  bool (*matches)(const std::string& text);
};
[[nodiscard]] const std::vector<KnownRegex>& known_regexes();

struct Field {
  std::string name;
  std::string value;
  const KnownRegex* regex = nullptr;  ///< decides instead of value
};
struct Match {
  Kind kind = Kind::Prefix;
  std::string path = "/";
  const KnownRegex* regex = nullptr;
  std::string method;
  std::vector<Field> headers;
  std::vector<Field> queries;
};
/// One match of one rule of one route: its conditions and its place.
struct Candidate {
  Match match;
  std::int64_t created_at = 0;
  std::string route;
  std::uint32_t rule = 0;
  std::uint32_t number = 0;
  std::vector<std::string> hosts;
};
struct Listener {
  std::string name;
  std::string hostname;
  std::vector<Candidate> candidates;
};
struct Request {
  std::string method;
  std::string host;
  std::string path;
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<std::string> tls_listener;
};
struct Answer {
  int status = 200;
  std::string winner = "none";  ///< "route/rule/match"
  std::string host_pattern;
};

[[nodiscard]] Answer decide(const std::vector<Listener>& listeners, const Request& request);

}  // namespace pintle::route::oracle
