// Every seed of the fuzz target gateway_api that is named after a finding gives that finding, and at a place; every
// finding about shapes, values and rules of an object has such a seed.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

#include "controller/api/decode.hpp"
#include "controller/api/finding.hpp"
#include "controller/api/read.hpp"

namespace pintle::api {
namespace {

namespace fs = std::filesystem;

std::vector<Finding> find_faults(const fs::path& file, DecodeMode mode) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::vector<AnyObject> objects;
  std::vector<Finding> findings;
  const auto decode = [&](Document&& document) { decode_document(document, {.mode = mode}, objects, findings); };
  EXPECT_TRUE(read_manifest({text, std::make_shared<const std::string>(file.filename()), {}}, decode, findings));
  return findings;
}

std::set<std::string> ids_of(const std::vector<Finding>& findings) {
  std::set<std::string> ids;
  for (const Finding& one : findings) ids.emplace(one.id);
  return ids;
}

template <class Visit>
void for_each_seed(Visit&& visit) {
  for (const auto& entry : fs::directory_iterator(std::string(PINTLE_SOURCE_DIR) + "/test/fuzz/seeds/gateway_api")) {
    if (!entry.path().has_extension()) continue;  // what fuzzing found is not named
    SCOPED_TRACE(entry.path().filename());
    visit(entry.path(), entry.path().filename().string().substr(0, 6));
  }
}

TEST(DecodeFindings, ASeedNamedAfterAFindingGivesIt) {
  for_each_seed([](const fs::path& file, const std::string& id) {
    const std::vector<Finding> findings = find_faults(file, DecodeMode::Strict);
    if (id.starts_with("GW")) EXPECT_TRUE(ids_of(findings).contains(id));
    for (const Finding& one : findings) {
      EXPECT_GT(one.line, 0U) << format_finding(one);
      EXPECT_FALSE(one.message.empty());
    }
  });
}

// An API server has checked the rules between fields already.
TEST(DecodeFindings, LenientlyNoRuleBetweenFieldsIsLookedAt) {
  for_each_seed([](const fs::path& file, const std::string& /*id*/) {
    for (const Finding& one : find_faults(file, DecodeMode::Lenient)) {
      EXPECT_FALSE(one.id.starts_with("GW04")) << format_finding(one);
    }
  });
}

TEST(DecodeFindings, EveryOneOfThemHasASeed) {
  std::set<std::string> seeded;
  for_each_seed([&](const fs::path& /*file*/, const std::string& id) { seeded.insert(id); });
  for (const FindingDoc& kind : finding_docs()) {
    const std::string id(kind.id);
    if (id >= "GW0200" && id < "GW0500") EXPECT_TRUE(seeded.contains(id)) << id;
  }
}

}  // namespace
}  // namespace pintle::api
