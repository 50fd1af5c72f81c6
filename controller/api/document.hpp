// A parsed manifest: a small tree with the place of every node, made by read_yaml.hpp and read_json.hpp, read
// by decode.hpp and dropped at once (typed objects keep only the place of their document).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/finding.hpp"

namespace pintle::api {

/// Lines and columns count from 1; columns count characters (code points), not bytes.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

struct Member;

struct Value {
  enum class Type : std::uint8_t { Null, Bool, Integer, Float, String, Sequence, Mapping };

  Type type = Type::Null;
  Position at;
  std::int64_t integer = 0;  ///< of Integer; 0 or 1 of Bool
  std::string text;          ///< scalars: the content; for numbers and booleans as written
  std::vector<Value> items;
  std::vector<Member> members;  ///< in the order written; a key written twice stands once, with the last value

  [[nodiscard]] const Member* find(std::string_view key) const noexcept;
};

struct Member {
  std::string key;
  Position at;
  Value value;
};

[[nodiscard]] std::string_view to_string(Value::Type type) noexcept;

struct Document {
  Value root;
  std::shared_ptr<const std::string> file;
  std::uint32_t index = 0;  ///< of the document in its file, from 0
};

/// Limits that keep a hostile file from costing more than it should.
struct ReadLimits {
  std::size_t bytes = std::size_t{64} << 20U;
  std::uint32_t depth = 64;
  std::size_t alias_nodes = 100'000;  ///< nodes made by YAML aliases in one document
};

using DocumentSink = std::function<void(Document&&)>;

/// The place of a field path ("spec.rules[0].backendRefs[1].name") in a tree; of the deepest node that exists
/// when the path goes further than the tree, so a missing field is shown at its parent.
[[nodiscard]] Position find_position(const Value& root, std::string_view field_path) noexcept;

/// Text for people: control characters of both ranges escaped (req 59).
[[nodiscard]] std::string visible(std::string_view text);
/// The same in quotes, quotes and backslashes escaped too, cut after `limit` bytes.
[[nodiscard]] std::string quote(std::string_view text, std::size_t limit = 64);

/// Of members with one key keeps the last value at the place of the first; `report` gets (repeated, first)
/// for each. Costs n log n, so a large object made of keys alone is no attack.
void drop_duplicate_keys(Value& object, const std::function<void(const Member&, const Member&)>& report);

}  // namespace pintle::api
