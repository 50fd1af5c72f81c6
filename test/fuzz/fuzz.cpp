#include "test/fuzz/fuzz.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace pintle::fuzz {

std::vector<std::size_t> cuts_of(std::string_view text) {
  Dice dice(text);
  std::vector<std::size_t> ends = {text.size()};
  for (std::size_t more = dice.below(8); more > 0; --more) ends.push_back(dice.below(text.size() + 1));
  std::ranges::sort(ends);
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  if (ends.size() > 1 && ends.front() == 0) ends.erase(ends.begin());
  return ends;
}

bool is_utf8(std::string_view bytes) {
  try {
    static_cast<void>(nlohmann::json(std::string(bytes)).dump());
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace pintle::fuzz
