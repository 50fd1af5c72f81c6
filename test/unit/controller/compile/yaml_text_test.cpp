#include "controller/compile/yaml_text.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pintle::compile {
namespace {

using Json = nlohmann::ordered_json;

TEST(YamlText, BlocksAndOrder) {
  const Json value = Json::parse(R"({"z": 1, "a": {"list": [1, "two", {"k": "v", "l": []}], "empty": {}}, "t": true,
                                     "none": null, "nested": [[1, 2], ["x"]]})");
  EXPECT_EQ(to_yaml(value), R"(z: 1
a:
  list:
  - 1
  - two
  - k: v
    l: []
  empty: {}
t: true
none: null
nested:
- - 1
  - 2
- - x
)");
}

TEST(YamlText, QuotesWhatWouldReadAsSomethingElse) {
  const struct {
    const char* text;
    const char* written;
  } rows[] = {
      {"plain text", "plain text\n"},
      {"/a/b", "/a/b\n"},
      {"", "\"\"\n"},
      {"true", "\"true\"\n"},
      {"No", "\"No\"\n"},
      {"12", "\"12\"\n"},
      {"a: b", "\"a: b\"\n"},
      {"a:", "\"a:\"\n"},
      {"a:b", "a:b\n"},
      {"a #b", "\"a #b\"\n"},
      {"*", "\"*\"\n"},
      {"- x", "\"- x\"\n"},
      {"a\nb", "\"a\\nb\"\n"},
      {"\"q\"", "\"\\\"q\\\"\"\n"},
      {"127.0.0.1", "\"127.0.0.1\"\n"},
      {"\xff", "\"\\ufffd\"\n"},
  };
  for (const auto& row : rows) EXPECT_EQ(to_yaml(Json(row.text)), row.written);
}

}  // namespace
}  // namespace pintle::compile
