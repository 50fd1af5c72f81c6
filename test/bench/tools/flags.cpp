#include "test/bench/tools/flags.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>

#include <fmt/core.h>

namespace pintle::bench {

void give_up(const std::string& why) {
  fmt::print(stderr, "bench: {}\n", why);
  std::exit(2);
}

Flags::Flags(int count, const char* const* words) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) give_up(fmt::format("'{}' is no flag", word));
    const bool alone = i + 1 == count || std::string(words[i + 1]).starts_with("--");
    values_[word.substr(2)] = alone ? std::string() : std::string(words[++i]);
  }
}

std::string Flags::text(const std::string& name, const std::string& otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? otherwise : found->second;
}

std::uint64_t Flags::number(const std::string& name, std::uint64_t otherwise) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  const std::string& given = found->second;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || end != given.data() + given.size())
    give_up(fmt::format("--{} wants a number, not '{}'", name, given));
  return value;
}

}  // namespace pintle::bench
