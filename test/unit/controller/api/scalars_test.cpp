// What a scalar of YAML or JSON is: its type, its text, and what is none.
#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

struct Row {
  std::string_view text;
  Value::Type type;
};

// YAML 1.1, as kubectl reads it.
TEST(ReadYaml, PlainScalarsByTheirLook) {
  using Type = Value::Type;
  constexpr Row rows[] = {
      {"1", Type::Integer},    {"-1", Type::Integer},  {"+12", Type::Integer}, {"1.5", Type::Float},
      {".5", Type::Float},     {"-.5", Type::Float},   {"1.", Type::Float},    {"1e5", Type::Float},
      {"1.5E-3", Type::Float}, {"-2e+8", Type::Float}, {".inf", Type::Float},  {"-.INF", Type::Float},
      {".NaN", Type::Float},   {"1e", Type::String},   {"1e+", Type::String},  {"1.5x", Type::String},
      {".", Type::String},     {"1-2", Type::String},  {"e5", Type::String},   {"yes", Type::Bool},
      {"off", Type::Bool},     {"~", Type::Null},      {"null", Type::Null},   {"text", Type::String},
  };
  for (const Row& row : rows) {
    const std::vector<Document> documents = test::read_documents("a: " + std::string(row.text));
    const Value& value = documents.at(0).root.members.at(0).value;
    EXPECT_EQ(value.type, row.type) << row.text << " is " << to_string(value.type);
    if (value.type != Type::Null) EXPECT_EQ(value.text, row.text);
  }
}

std::optional<Value> read_value(std::string_view json, std::string& fault) {
  std::optional<Value> value;
  std::vector<Finding> findings;
  const bool whole = read_json(
      {json, std::make_shared<const std::string>("f"), {}}, [&](Document&& one) { value = std::move(one.root); },
      findings);
  fault = findings.empty() ? "" : findings.front().message;
  EXPECT_EQ(whole, findings.empty());
  return value;
}

TEST(ReadJson, Numbers) {
  std::string fault;
  for (const std::string_view whole : {"0", "-7", "42"})
    EXPECT_EQ(read_value(whole, fault)->type, Value::Type::Integer);
  for (const std::string_view other : {"0.5", "-1e9", "1E+2", "3.25e-1", "99999999999999999999"})
    EXPECT_EQ(read_value(other, fault)->type, Value::Type::Float) << other;
  for (const std::string_view none : {"-", "1.", "1e", "1e+", "-x", "[.5]", "[+1]"}) {
    EXPECT_FALSE(read_value(none, fault)) << none;
    EXPECT_TRUE(fault.starts_with("not valid JSON: ")) << none << ": " << fault;
  }
}

TEST(ReadJson, EscapesBecomeUtf8) {
  std::string fault;
  const auto text_of = [&](std::string_view json) { return read_value(json, fault).value_or(Value{}).text; };
  EXPECT_EQ(text_of(R"("A\u00e9\u20ac\ud83d\ude00")"), "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(text_of(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  for (const std::string_view none :
       {R"("\ud83d")", R"("\ud83dx")", R"("\ude00")", R"("\u12g4")", R"("\x")", "\"a\nb\"", R"("a)"}) {
    EXPECT_FALSE(read_value(none, fault)) << none;
    EXPECT_FALSE(fault.empty()) << none;
  }
}

}  // namespace
}  // namespace pintle::api
