#include "controller/source/catalog.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/folder.hpp"

namespace pintle::source {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::route;
using testing::service;

void set(Catalog& catalog, const std::string& path, const std::string& text) {
  catalog.set(path, load_manifest(path, text));
}

/// "+HTTPRoute default/a@1 from f.yaml", "-Service default/b".
std::vector<std::string> take(Catalog& catalog) {
  std::vector<std::string> shown;
  for (const Change& change : catalog.take_changes()) {
    const std::string key = api::to_string(key_of(change));
    if (const auto* upsert = std::get_if<Upsert>(&change)) {
      const api::ObjectMeta& meta = api::metadata_of(upsert->object);
      shown.push_back(fmt::format("+{}@{} from {}", key, meta.generation, meta.location.path()));
    } else {
      shown.push_back("-" + key);
    }
  }
  return shown;
}

std::vector<std::string> ids(const Catalog& catalog) {
  std::vector<std::string> shown;
  for (const api::Finding& finding : catalog.findings())
    shown.push_back(fmt::format("{} {}", finding.id, finding.file));
  std::ranges::sort(shown);
  return shown;
}

std::string uid_of(const std::vector<Change>& changes) {
  return changes.size() == 1 ? api::metadata_of(std::get<Upsert>(changes[0]).object).uid : "not one change";
}

TEST(Catalog, GivesChangesOnceSortedByKey) {
  Catalog catalog;
  set(catalog, "f.yaml", service("b") + route("x") + service("a"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@1 from f.yaml", "+Service default/a@1 from f.yaml",
                                         "+Service default/b@1 from f.yaml"));
  EXPECT_THAT(take(catalog), IsEmpty());
  set(catalog, "f.yaml", "# moved down\n\n" + service("a") + service("b") + route("x"));
  EXPECT_THAT(take(catalog), IsEmpty());  // only places differ
  set(catalog, "f.yaml", service("a"));
  EXPECT_THAT(take(catalog), ElementsAre("-HTTPRoute default/x", "-Service default/b"));
  catalog.remove("f.yaml");
  EXPECT_THAT(take(catalog), ElementsAre("-Service default/a"));
}

TEST(Catalog, TheGenerationGrowsWithTheSpecAlone) {
  Catalog catalog;
  set(catalog, "f.yaml", route("x", "/a"));
  const std::string uid = uid_of(catalog.take_changes());
  set(catalog, "f.yaml", route("x", "/b"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@2 from f.yaml"));
  std::string labelled = route("x", "/b");
  labelled.insert(labelled.find("{name: x") + 1, "labels: {a: b}, ");
  set(catalog, "f.yaml", labelled);
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@2 from f.yaml"));
  catalog.remove("f.yaml");
  (void)catalog.take_changes();
  set(catalog, "f.yaml", labelled);
  const std::vector<Change> again = catalog.take_changes();
  EXPECT_NE(uid_of(again), uid);
  EXPECT_EQ(api::metadata_of(std::get<Upsert>(again[0]).object).generation, 1);
}

TEST(Catalog, NeverFallsBehindTheGenerationOfAManifest) {
  Catalog catalog;
  std::string taken = route("x", "/a");
  taken.insert(taken.find("{name: x") + 1, "generation: 12, uid: from-a-cluster, ");
  set(catalog, "f.yaml", taken);
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@12 from f.yaml"));
  taken.replace(taken.find("value: /a"), 9, "value: /b");
  set(catalog, "f.yaml", taken);
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@13 from f.yaml"));
}

TEST(Catalog, ABrokenFileKeepsAllItHad) {
  Catalog catalog;
  set(catalog, "f.yaml", service("a") + service("b"));
  (void)take(catalog);
  set(catalog, "f.yaml", "{");
  EXPECT_THAT(take(catalog), IsEmpty());
  EXPECT_THAT(ids(catalog), ElementsAre("GW0101 f.yaml", "GW0502 f.yaml"));
  set(catalog, "f.yaml", "{{");
  set(catalog, "f.yaml", service("b"));
  EXPECT_THAT(take(catalog), ElementsAre("-Service default/a"));
  EXPECT_THAT(ids(catalog), IsEmpty());
}

TEST(Catalog, WhatIsKeptIsToldWhereTheFaultStands) {
  Catalog catalog;
  set(catalog, "f.yaml", service("a") + route("x", "/a"));
  (void)take(catalog);
  for (const std::string& text : {service("a") + "b: [\n", service("a") + route("x", "no-slash")}) {
    set(catalog, "f.yaml", text);
    const std::vector<api::Finding> findings = catalog.findings();
    const auto error = std::ranges::find(findings, api::Severity::Error, &api::Finding::severity);
    const auto kept = std::ranges::find(findings, "GW0502", &api::Finding::id);
    ASSERT_TRUE(error != findings.end() && kept != findings.end());
    EXPECT_GT(error->line, 1U);
    EXPECT_EQ(kept->line, error->line);
    EXPECT_EQ(kept->column, error->column);
  }
}

TEST(Catalog, ABrokenFileThatNeverWasSoundHasNothingToKeep) {
  Catalog catalog;
  set(catalog, "f.yaml", "{");
  EXPECT_THAT(ids(catalog), ElementsAre("GW0101 f.yaml"));
}

TEST(Catalog, ARefusedObjectKeepsItsLastGoodVersionAndTheRestApplies) {
  Catalog catalog;
  set(catalog, "f.yaml", route("x", "/a") + service("gone") + service("s", 80));
  (void)take(catalog);
  set(catalog, "f.yaml", route("x", "no-slash") + service("s", 81));
  EXPECT_THAT(take(catalog), ElementsAre("-Service default/gone", "+Service default/s@1 from f.yaml"));
  EXPECT_THAT(ids(catalog), ::testing::Contains("GW0502 f.yaml"));
  set(catalog, "f.yaml", route("x", "/b"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@2 from f.yaml", "-Service default/s"));
  EXPECT_THAT(ids(catalog), IsEmpty());
}

TEST(Catalog, AnObjectThatCannotBeToldMayBeAnyOfTheFile) {
  Catalog catalog;
  set(catalog, "f.yaml", route("x", "/a") + service("s", 80));
  (void)take(catalog);
  std::string mistyped = route("x", "/a");
  mistyped.replace(mistyped.find("HTTPRoute"), 9, "HTTPRuote");
  set(catalog, "f.yaml", mistyped + service("s", 81));
  EXPECT_THAT(take(catalog), ElementsAre("+Service default/s@1 from f.yaml"));
}

TEST(Catalog, OfAKeyWrittenTwiceTheFirstByPathCounts) {
  Catalog catalog;
  set(catalog, "b.yaml", route("x", "/b"));
  set(catalog, "c.yaml", route("x", "/c"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@1 from b.yaml"));
  EXPECT_THAT(ids(catalog), ElementsAre("GW0501 c.yaml"));
  set(catalog, "a.yaml", route("x", "/a"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@2 from a.yaml"));
  EXPECT_THAT(ids(catalog), ElementsAre("GW0501 b.yaml", "GW0501 c.yaml"));
  catalog.remove("a.yaml");
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@3 from b.yaml"));  // never back to 1
  catalog.remove("b.yaml");
  catalog.remove("c.yaml");
  EXPECT_THAT(take(catalog), ElementsAre("-HTTPRoute default/x"));
}

TEST(Catalog, WhatWasHandedOutNeverChanges) {
  Catalog catalog;
  set(catalog, "b.yaml", route("x", "/b"));
  const std::vector<Change> first = catalog.take_changes();
  const api::AnyObject& held = std::get<Upsert>(first[0]).object;
  set(catalog, "a.yaml", route("x", "/a"));
  (void)catalog.take_changes();
  catalog.remove("a.yaml");
  EXPECT_EQ(take(catalog).size(), 1u);
  EXPECT_EQ(api::metadata_of(held).generation, 1);
}

TEST(Catalog, ASecretComesBackToo) {  // a kind that is never copied
  const std::string secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: ";
  Catalog catalog;
  set(catalog, "b.yaml", secret + "one}\n");
  set(catalog, "c.yaml", secret + "two}\n");
  (void)catalog.take_changes();
  set(catalog, "a.yaml", secret + "three}\n");
  EXPECT_THAT(take(catalog), ElementsAre("+Secret default/s@1 from a.yaml"));
  catalog.remove("a.yaml");
  EXPECT_THAT(take(catalog), ElementsAre("+Secret default/s@1 from b.yaml"));
  set(catalog, "a.yaml", secret + "one}\n");
  EXPECT_THAT(take(catalog), IsEmpty());
}

TEST(Catalog, ALeavingFileGivesWayWithoutAGap) {
  Catalog catalog;
  set(catalog, "a.yaml", route("x", "/a"));
  (void)take(catalog);
  catalog.set_leaving("a.yaml");
  EXPECT_THAT(take(catalog), IsEmpty());
  set(catalog, "b.yaml", route("x", "/a"));  // the file was renamed
  EXPECT_THAT(take(catalog), IsEmpty());
  EXPECT_THAT(ids(catalog), IsEmpty());
  catalog.remove("a.yaml");
  EXPECT_THAT(take(catalog), IsEmpty());
  set(catalog, "b.yaml", route("x", "/b"));
  EXPECT_THAT(take(catalog), ElementsAre("+HTTPRoute default/x@2 from b.yaml"));
}

}  // namespace
}  // namespace pintle::source
