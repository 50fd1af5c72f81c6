// A second opinion on HTTP/1: Boost.Beast. It accepts much that a gateway must refuse (docs/decisions/0001), so only
// one direction is an oracle: what our codec accepts, Beast must accept and read the same way.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle::fuzz {

struct BeastHead {
  std::string method;  ///< of a request
  std::string target;
  unsigned status = 0;  ///< of a response
  std::string reason;
  unsigned version = 0;  ///< 10 or 11
  std::vector<std::pair<std::string, std::string>> fields;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::size_t length = 0;
};
/// nullopt if Beast refuses or wants more. `fault` gets its reason.
[[nodiscard]] std::optional<BeastHead> read_request_with_beast(std::string_view head, std::string& fault);
[[nodiscard]] std::optional<BeastHead> read_response_with_beast(std::string_view head, std::string& fault);

struct BeastBody {
  std::string data;
  std::size_t length = 0;
};
/// Of a chunked body, trailers included. nullopt if Beast refuses or wants more.
[[nodiscard]] std::optional<BeastBody> read_chunked_with_beast(std::string_view body, std::string& fault);

}  // namespace pintle::fuzz
