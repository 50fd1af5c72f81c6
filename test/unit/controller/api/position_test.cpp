// Where a field path leads in a document: to the deepest node there is.
#include "controller/api/document.hpp"
#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

struct Row {
  std::string_view path;
  Position at;
};

TEST(FindPosition, TheDeepestNodeThereIs) {
  const std::vector<Document> documents = test::read_documents(
      "kind: K\n"
      "spec:\n"
      "  rules:\n"
      "  - name: a\n"
      "    refs: [x, yy]\n"
      "  - name: b\n"
      "  empty:\n"
      "  map: {example.com/key: v}\n");
  const Row rows[] = {
      {"", {1, 1}},
      {"kind", {1, 7}},
      {"spec", {2, 1}},
      {"spec.rules", {3, 3}},
      {"spec.rules[0]", {4, 5}},
      {"spec.rules[0].name", {4, 11}},
      {"spec.rules[0].refs", {5, 5}},
      {"spec.rules[0].refs[1]", {5, 15}},
      {"spec.rules[1].name", {6, 11}},
      {"spec.empty", {7, 3}},
      {"spec.map[example.com/key]", {8, 26}},
      // Further than the tree goes: the parent.
      {"spec.rules[1].missing", {6, 5}},
      {"spec.rules[2].name", {3, 3}},
      {"spec.rules[x].name", {3, 3}},
      {"spec.rules[1", {6, 5}},
      {"spec.missing.deeper", {2, 1}},
      {"kind.deeper", {1, 7}},
  };
  for (const Row& row : rows) {
    const Position found = find_position(documents.at(0).root, row.path);
    EXPECT_EQ(found, row.at) << row.path << " leads to " << found.line << ':' << found.column;
  }
}

TEST(ValueTypes, AreNamedForPeople) {
  EXPECT_EQ(to_string(Value::Type::Bool), "a boolean");
  EXPECT_EQ(to_string(Value::Type::Float), "a number");
  EXPECT_EQ(to_string(Value::Type::Mapping), "an object");
}

}  // namespace
}  // namespace pintle::api
