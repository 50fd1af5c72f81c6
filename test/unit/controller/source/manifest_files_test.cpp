#include "controller/source/manifest_files.hpp"

#include <filesystem>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/folder.hpp"

namespace pintle::source {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::route;
using testing::service;
using testing::TempFolder;

TEST(ManifestFiles, NamesThatCount) {
  for (const char* name : {"a.yaml", "a.yml", "a.json", "a.b.yaml", "-.yaml"})
    EXPECT_TRUE(is_manifest_name(name)) << name;
  for (const char* name : {".a.yaml", "a.yaml~", "a.yaml.swp", "a.txt", "yaml", ".#a.yaml", "#a.yaml#", "..data",
                           "gateway_default_gw.status.yaml", "a.YAML", ""})
    EXPECT_FALSE(is_manifest_name(name)) << name;
}

TEST(ManifestFiles, ListsAllBelowInOrder) {
  const TempFolder folder;
  for (const char* name :
       {"b.yaml", "a/z.json", "a/.hidden/x.yaml", ".x.yaml", "a/note.txt", "c/d/e.yml", "old~/x.yaml"})
    folder.write(name, "");
  fs::create_directory(folder / "folder.yaml");
  ASSERT_EQ(::mkfifo((folder / "pipe.yaml").c_str(), 0600), 0);
  fs::create_symlink("b.yaml", folder / "link.yaml");
  fs::create_symlink("nowhere", folder / "dangling.yaml");
  fs::create_directory_symlink("..", folder / "a/loop");
  std::vector<std::string> seen;
  const Listing listing =
      list_manifests({folder.path(), folder / "b.yaml"}, [&seen](const std::string& one) { seen.push_back(one); });
  EXPECT_THAT(listing.files,
              ElementsAre(folder / "a/z.json", folder / "b.yaml", folder / "c/d/e.yml", folder / "link.yaml"));
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre(folder.path(), folder / "a", folder / "c", folder / "c/d",
                                                    folder / "folder.yaml"));
  EXPECT_TRUE(listing.findings.empty());
}

TEST(ManifestFiles, ARootMayHaveAnyNameAndMustBeThere) {
  const TempFolder folder;
  folder.write("notes.txt", "");
  const Listing listing = list_manifests({folder / "notes.txt", folder / "gone"});
  EXPECT_THAT(listing.files, ElementsAre(folder / "notes.txt"));
  EXPECT_THAT(listing.unreadable, ElementsAre(folder / "gone"));
  ASSERT_EQ(listing.findings.size(), 1u);
  EXPECT_EQ(listing.findings[0].id, "GW0107");
  EXPECT_EQ(listing.findings[0].file, folder / "gone");
}

TEST(ManifestFiles, ReadsWholeFilesWithinTheLimit) {
  const TempFolder folder;
  const std::string text(200'000, 'x');
  folder.write("a", text);
  EXPECT_EQ(read_file(folder / "a").value(), text);
  EXPECT_EQ(read_file(folder / "a", text.size()).value(), text);
  EXPECT_EQ(read_file(folder / "a", text.size() - 1).error().code, ErrorCode::TooLarge);
  EXPECT_EQ(read_file(folder / "none").error().code, ErrorCode::NoSuchFile);
  EXPECT_EQ(read_file(folder.path()).error().code, ErrorCode::Unsupported);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder / "pipe").error().code, ErrorCode::Unsupported);  // and does not wait for a writer
  folder.write("empty", "");
  EXPECT_EQ(read_file(folder / "empty").value(), "");
}

TEST(ManifestFiles, WhatCouldNotBeReadSaysWhy) {
  EXPECT_EQ(not_loaded("f", {.code = ErrorCode::TooLarge, .context = "large"}).findings[0].id, "GW0105");
  const LoadedFile refused = not_loaded("f", {.code = ErrorCode::PermissionDenied, .context = "f cannot be read"});
  EXPECT_FALSE(refused.whole);
  EXPECT_EQ(refused.findings[0].id, "GW0107");
  EXPECT_EQ(refused.findings[0].message, "f cannot be read");
}

TEST(ManifestFiles, LoadsWhatIsSound) {
  const LoadedFile loaded =
      load_manifest("f.yaml", service("a") + route("bad", "no-slash") + service("b") + service("a", 81));
  EXPECT_TRUE(loaded.whole);
  ASSERT_EQ(loaded.objects.size(), 2u);
  EXPECT_EQ(api::metadata_of(loaded.objects[1]).name, "b");
  ASSERT_EQ(loaded.findings.size(), 2u);
  EXPECT_EQ(loaded.findings[0].object, "HTTPRoute default/bad");
  EXPECT_EQ(loaded.findings[1].id, "GW0501");
  EXPECT_THAT(loaded.findings[1].message, HasSubstr("f.yaml:2"));
}

TEST(ManifestFiles, AFaultOfTheSyntaxVoidsTheFile) {
  const LoadedFile loaded = load_manifest("f.yaml", service("a") + "---\n{");
  EXPECT_FALSE(loaded.whole);
  EXPECT_TRUE(loaded.objects.empty());
  ASSERT_EQ(loaded.findings.size(), 1u);
  EXPECT_EQ(loaded.findings[0].id, "GW0101");
  EXPECT_GT(loaded.findings[0].line, 4u);
}

}  // namespace
}  // namespace pintle::source
