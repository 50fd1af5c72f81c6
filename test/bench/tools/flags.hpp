#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace pintle::bench {

/// "--name value" pairs and "--name" alone. A word that is no flag, or a number that is none, ends the program with 2.
class Flags {
 public:
  Flags(int count, const char* const* words);

  [[nodiscard]] bool has(const std::string& name) const { return values_.contains(name); }
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise = {}) const;
  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

/// Says why on standard error and ends the program: the bench prefers no figure to a wrong one.
[[noreturn]] void give_up(const std::string& why);

}  // namespace pintle::bench
