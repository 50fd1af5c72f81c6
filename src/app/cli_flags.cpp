#include "src/app/cli_flags.hpp"

#include "src/app/cli_values.hpp"

namespace pintle::app {

ParseValue into_admin(std::string& into, std::string_view off) {
  return [&into, off](const std::string& given) -> Result<void> {
    if (off.empty() || given != off) {
      const auto address = parse_address_and_port(given);
      if (!address) return std::unexpected(address.error());
    }
    into = given;
    return {};
  };
}
ParseValue into_duration(Millis& into) {
  return [&into](const std::string& given) -> Result<void> {
    const auto duration = parse_duration(given);
    if (!duration) return std::unexpected(duration.error());
    into = *duration;
    return {};
  };
}
ParseValue into_addresses(std::vector<std::string>& into) {
  return [&into](const std::string& given) -> Result<void> {
    if (const auto sound = check_bind_address(given); !sound) return sound;
    into.push_back(given);
    return {};
  };
}
ParseValue into_list(std::vector<std::string>& into) {
  return [&into](const std::string& given) -> Result<void> {
    into.push_back(given);
    return {};
  };
}

}  // namespace pintle::app
