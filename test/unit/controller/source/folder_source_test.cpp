#include "controller/source/folder_source.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/folder.hpp"
#include "test/unit/controller/source/running.hpp"

namespace pintle::source {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::route;
using testing::Running;
using testing::service;
using testing::TempFolder;

TEST(FolderSource, ReadsEverythingOnce) {
  const TempFolder folder;
  folder.write("b/deep.yml", service("deep"));
  folder.write("a.yaml", route("r") + service("s"));
  folder.write("c.json", R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})");
  folder.write(".draft.yaml", service("draft"));
  folder.write("a.yaml~", service("backup"));
  Running running({folder.path()});
  EXPECT_EQ(running.keys(), "HTTPRoute default/r, Service default/deep, Service default/s, Namespace n");
  EXPECT_EQ(running.batches.size(), 1u);
  EXPECT_EQ(running.finding_ids(), "");
}

TEST(FolderSource, AnEmptyFolderIsAWorldToo) {
  const TempFolder folder;
  const Running running({folder.path()});
  ASSERT_EQ(running.batches.size(), 1u);
  EXPECT_TRUE(running.batches[0].synced);
}

TEST(FolderSource, TheOrderOfFoldersChangesNothing) {
  const TempFolder folder;
  folder.write("a/x.yaml", service("s", 1));
  folder.write("b/x.yaml", service("s", 2));
  const Running one({folder / "a", folder / "b"});
  const Running other({folder / "b", folder / "a", folder / "b"});
  EXPECT_EQ(one.port_of("s"), 1);
  EXPECT_EQ(other.port_of("s"), 1);
  EXPECT_EQ(one.batches[0].findings, other.batches[0].findings);
  EXPECT_EQ(one.finding_ids(), "GW0501");
}

TEST(FolderSource, WhatIsNotThereIsNamed) {
  boost::asio::io_context io;
  const auto started = FolderSource::start(io, {.directories = {"/tmp/pintle-no-such"}}, [](const Batch&) {});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::NoSuchFile);
  EXPECT_THAT(started.error().context, HasSubstr("/tmp/pintle-no-such"));
}

TEST(FolderSource, EditsComeThrough) {
  const TempFolder folder;
  folder.write("a.yaml", service("s", 1));
  Running running({folder.path()});
  folder.write("a.yaml", service("s", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 2; }));
  folder.replace("a.yaml", service("s", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 3; }));
  folder.write("new.yaml", service("t"));
  EXPECT_TRUE(running.until_world_is("Service default/s, Service default/t"));
  folder.remove("a.yaml");
  EXPECT_TRUE(running.until_world_is("Service default/t"));
}

TEST(FolderSource, EditsOfAMomentComeTogether) {
  const TempFolder folder;
  Running running(FolderSettings{.directories = {folder.path()}, .coalesce = Millis{300}});
  for (int i = 0; i < 20; ++i) folder.write("f" + std::to_string(i) + ".yaml", service("s" + std::to_string(i)));
  EXPECT_TRUE(running.until([&] { return running.world.size() == 20; }));
  EXPECT_LE(running.batches.size(), 3u);  // the first, what was there when it woke, and the rest
}

TEST(FolderSource, ABrokenFileKeepsWhatItHadAndSaysWhere) {
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  folder.write("b.yaml", service("b", 1));
  Running running({folder.path()});
  folder.write("a.yaml", "spec: {\n");
  folder.write("b.yaml", service("b", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("b") == 2; }));
  EXPECT_EQ(running.port_of("a"), 1);
  EXPECT_TRUE(running.until([&] { return running.finding_ids() == "GW0101 GW0502"; }));
  for (const api::Finding& finding : running.batches.back().findings)
    if (finding.id == "GW0101") {
      EXPECT_EQ(finding.file, folder / "a.yaml");
      EXPECT_GE(finding.line, 1u);
      EXPECT_GE(finding.column, 1u);
    }
  folder.write("a.yaml", service("a", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  EXPECT_EQ(running.finding_ids(), "");
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderSource, ARefusedObjectKeepsItsVersionAndTheRestApplies) {
  const TempFolder folder;
  folder.write("a.yaml", route("r", "/a") + service("s", 1));
  Running running({folder.path()});
  folder.write("a.yaml", route("r", "no-slash") + service("s", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 2; }));
  EXPECT_EQ(running.find<api::HTTPRoute>("r")->spec.rules[0].matches[0].path.value, "/a");
  EXPECT_THAT(running.finding_ids(), HasSubstr("GW0502"));
}

TEST(FolderSource, EditorsThatRenameLoseNothing) {
  const TempFolder folder;
  folder.write("a.yaml", service("s", 1));
  Running running({folder.path()});
  folder.rename("a.yaml", "a.yaml~");  // vim: the old file becomes the backup, a new one is written
  folder.write("a.yaml", service("s", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 2; }));
  folder.rename("a.yaml", "b.yaml");
  running.settle(folder.path());
  EXPECT_EQ(running.port_of("s"), 2);
  EXPECT_THAT(running.removed, IsEmpty());
  folder.write("b.yaml", service("s", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 3; }));
  EXPECT_EQ(running.finding_ids(), "");
}

TEST(FolderSource, AFileThatComesBackHasItsOldRank) {
  const TempFolder folder;
  folder.write("a.yaml", service("s", 1));
  folder.write("b.yaml", service("s", 2));
  Running running({folder.path()});
  folder.rename("a.yaml", "a.away");
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 2; }));
  folder.rename("a.away", "a.yaml");
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 1; }));
  running.settle(folder.path());
  EXPECT_EQ(running.port_of("s"), 1);
  EXPECT_EQ(running.finding_ids(), "GW0501");
}

TEST(FolderSource, AFileBeingWrittenAnewStillCounts) {
  const TempFolder folder;
  folder.write("a.yaml", service("s", 1));
  Running running({folder.path()});
  folder.remove("a.yaml");
  std::ofstream slow(folder / "a.yaml");
  slow << service("s", 2).substr(0, 30) << std::flush;
  running.settle(folder.path());  // longer than a removal takes
  EXPECT_EQ(running.port_of("s"), 1);
  slow << service("s", 2).substr(30);
  slow.close();
  EXPECT_TRUE(running.until([&] { return running.port_of("s") == 2; }));
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderSource, TheSameBytesAgainAreNoNews) {
  const TempFolder folder;
  folder.write("a.yaml", service("s", 1));
  Running running({folder.path()});
  folder.write("a.yaml", service("s", 1));
  folder.replace("a.yaml", service("s", 1));
  folder.write("a.yaml", "# a comment\n" + service("s", 1));
  folder.write("b.yaml", service("t"));
  EXPECT_TRUE(running.until_world_is("Service default/s, Service default/t"));
  EXPECT_EQ(running.batches.size(), 2u);
}

TEST(FolderSource, FoldersComeGoAndMove) {
  const TempFolder folder;
  Running running({folder.path()});
  folder.write("sub/deeper/a.yaml", service("a", 1));
  EXPECT_TRUE(running.until_world_is("Service default/a"));
  folder.write("sub/deeper/a.yaml", service("a", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
  folder.rename("sub", "moved");
  folder.write("moved/deeper/a.yaml", service("a", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  EXPECT_THAT(running.removed, IsEmpty());
  folder.remove("moved");
  EXPECT_TRUE(running.until_world_is(""));
}

TEST(FolderSource, AMountedConfigMapIsSwappedWhole) {
  const TempFolder folder;
  folder.write("..one/a.yaml", service("a", 1));
  folder.write("..one/b.yaml", service("b", 1));
  fs::create_directory_symlink("..one", folder / "..data");
  for (const char* name : {"a.yaml", "b.yaml"}) fs::create_symlink(fs::path("..data") / name, folder / name);
  Running running({folder.path()});
  EXPECT_EQ(running.keys(), "Service default/a, Service default/b");
  folder.write("..two/a.yaml", service("a", 2));
  folder.write("..two/b.yaml", service("b", 2));
  fs::create_directory_symlink("..two", folder / "..data_tmp");
  folder.rename("..data_tmp", "..data");
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2 && running.port_of("b") == 2; }));
  EXPECT_EQ(running.batches.size(), 2u);
  folder.remove("..one");
  running.settle(folder.path());
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderSource, LinksAreFollowedToWhereTheyLead) {
  const TempFolder folder;
  folder.write("elsewhere/a.yaml", service("a", 1));
  folder.write("elsewhere/hard.yaml", service("hard", 1));
  fs::create_directory(folder / "conf");
  Running running({folder / "conf"});
  fs::create_symlink(folder / "elsewhere/a.yaml", folder / "conf/link.yaml");
  EXPECT_TRUE(running.until_world_is("Service default/a"));
  folder.write("elsewhere/a.yaml", service("a", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
  folder.replace("elsewhere/a.yaml", service("a", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  fs::create_hard_link(folder / "elsewhere/hard.yaml", folder / "conf/hard.yaml");
  EXPECT_TRUE(running.until_world_is("Service default/a, Service default/hard"));
  folder.remove("conf/link.yaml");
  EXPECT_TRUE(running.until_world_is("Service default/hard"));
}

}  // namespace
}  // namespace pintle::source
