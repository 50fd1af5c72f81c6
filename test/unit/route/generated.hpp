// Tables and requests from small alphabets, so that ties, overlaps and near misses are the rule; and the same tables
// built with the real types. Whoever asks brings the chance: a seeded engine in the property test, a fuzzer's bytes.
#pragma once
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include <pintle/route/table.hpp>

#include "test/unit/route/oracle.hpp"

namespace pintle::route::testing {

/// A number in [0, bound).
using Chance = std::function<std::uint32_t(std::uint32_t bound)>;

class Generator {
 public:
  explicit Generator(Chance below) : below(std::move(below)) {}

  [[nodiscard]] std::vector<oracle::Listener> listeners();
  [[nodiscard]] oracle::Request request(const std::vector<oracle::Listener>& listeners);

 private:
  std::string pick(std::initializer_list<const char*> texts);
  void shuffle(std::vector<std::string>& texts);
  std::string value();
  std::string path(bool trailing);
  const oracle::KnownRegex* regex();
  std::vector<oracle::Field> fields(std::vector<std::string> names);
  oracle::Match match();
  void add_route(oracle::Listener& listener, std::uint32_t number);

  Chance below;
};

[[nodiscard]] PortTable built(const std::vector<oracle::Listener>& listeners);
/// nullptr for none.
[[nodiscard]] const Listener* named(const PortTable& port, const std::optional<std::string>& name);
[[nodiscard]] std::string shown(const oracle::Request& request);

}  // namespace pintle::route::testing
