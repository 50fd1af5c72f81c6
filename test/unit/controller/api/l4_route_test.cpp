// How many items the lists of TCPRoute, TLSRoute and UDPRoute may have: as their CRDs say of each version.
#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

struct Row {
  std::string_view kind;
  std::string_view version;
  std::size_t rules;
  std::size_t hostnames;
  bool sound;
};

std::string manifest(const Row& row) {
  std::string text = "apiVersion: gateway.networking.k8s.io/" + std::string(row.version) +
                     "\nkind: " + std::string(row.kind) +
                     "\nmetadata: {name: r, namespace: default}\nspec:\n"
                     "  parentRefs: [{name: gw}]\n";
  if (row.hostnames > 0) text += "  hostnames:\n";
  for (std::size_t i = 0; i < row.hostnames; ++i) text += "  - h" + std::to_string(i) + ".example.com\n";
  text += "  rules:\n";
  for (std::size_t i = 0; i < row.rules; ++i) text += "  - backendRefs: [{name: b, port: 80}]\n";
  return text;
}

TEST(L4Route, ListsAreAsLongAsTheApiServerTakesThem) {
  constexpr Row rows[] = {
      {"TLSRoute", "v1", 1, 17, true},        {"TLSRoute", "v1", 1, 1024, true},
      {"TLSRoute", "v1", 1, 1025, false},     {"TLSRoute", "v1", 2, 1, false},
      {"TLSRoute", "v1alpha3", 2, 1, false},  {"TLSRoute", "v1alpha2", 16, 1, true},
      {"TLSRoute", "v1alpha2", 17, 1, false}, {"TCPRoute", "v1", 2, 0, false},
      {"TCPRoute", "v1alpha2", 2, 0, true},   {"UDPRoute", "v1", 2, 0, false},
      {"UDPRoute", "v1", 1, 0, true},
  };
  for (const Row& row : rows) {
    const std::vector<Document> documents = test::read_documents(manifest(row));
    const test::Decoded made = test::decode(documents.at(0).root, DecodeMode::Strict);
    const std::string name = std::string(row.kind) + " " + std::string(row.version) + " " + std::to_string(row.rules) +
                             " " + std::to_string(row.hostnames);
    EXPECT_EQ(made.object.has_value(), row.sound) << name;
    if (!row.sound) {
      ASSERT_FALSE(made.findings.empty()) << name;
      EXPECT_EQ(made.findings.front().id, "GW0311") << name;
    }
  }
}

}  // namespace
}  // namespace pintle::api
