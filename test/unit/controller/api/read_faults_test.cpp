// What a syntax error says: one line of UTF-8 without control bytes, whatever stands in the file (req 59).
#include <gtest/gtest.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::api {
namespace {

using Reader = bool (*)(const ReadInput&, const DocumentSink&, std::vector<Finding>&);

std::string fault_of(Reader read, std::string_view text) {
  std::vector<Finding> findings;
  EXPECT_FALSE(read({text, std::make_shared<const std::string>("f"), {}}, [](Document&&) {}, findings));
  return findings.size() == 1 ? findings.front().message : "";
}

TEST(ReadYaml, AFaultShowsNoByteOfTheFileAsItIs) {
  EXPECT_EQ(fault_of(read_yaml, "a: \"\\\x01\""), "a control character, byte 0x01");
  EXPECT_EQ(fault_of(read_yaml, "a: \"\\\xc3\xa9\""), R"(not valid YAML: unknown escape character: \xc3)");
}

// yaml-cpp reports empty documents for ever where a token cannot begin anything.
TEST(ReadYaml, AStrayCommaEndsTheReading) {
  const std::string_view stray[] = {",a: b", "a: b\n---\n,", ",", "---\n---\n, {}"};
  for (const std::string_view text : stray)
    EXPECT_EQ(fault_of(read_yaml, text), "not valid YAML: nothing can begin with this character") << text;
}

TEST(ReadYaml, EmptyDocumentsAreNoFault) {
  std::vector<Finding> findings;
  int documents = 0;
  EXPECT_TRUE(read_yaml(
      {"---\n---\n---\na: b\n---\n", std::make_shared<const std::string>("f"), {}}, [&](Document&&) { ++documents; },
      findings));
  EXPECT_EQ(documents, 1);
}

TEST(ReadJson, AFaultShowsWholeCharacters) {
  EXPECT_EQ(fault_of(read_json, "{\xc3\xa9"), "not valid JSON: \"\xc3\xa9\" where a key in quotes should stand");
  EXPECT_EQ(fault_of(read_json, "{\x01"), "a control character, byte 0x01");
}

// A key of the file is part of the field's path.
TEST(Decode, AFindingShowsNoControlCharacterOfTheFile) {
  std::vector<Finding> findings;
  std::vector<AnyObject> objects;
  const auto decode = [&](Document&& document) { decode_document(document, {}, objects, findings); };
  const std::string_view text =
      R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n\u001b"}, "k\u0004": 1})";
  EXPECT_TRUE(read_json({text, std::make_shared<const std::string>("f"), {}}, decode, findings));
  ASSERT_FALSE(findings.empty());
  for (const Finding& finding : findings)
    for (const char c : format_finding(finding)) EXPECT_GE(c, 0x20) << format_finding(finding);
}

}  // namespace
}  // namespace pintle::api
