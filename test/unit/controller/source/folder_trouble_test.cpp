// What a file system does to those who watch it: folders that vanish, limits, lost events, rights taken away.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/fsuid.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/source/folder.hpp"
#include "test/unit/controller/source/running.hpp"

namespace pintle::source {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Running;
using testing::service;
using testing::TempFolder;

/// Root reads everything; as nobody, this thread does not.
class AsNobody {
 public:
  AsNobody() : before_(::setfsuid(nobody)) {}
  ~AsNobody() { ::setfsuid(static_cast<uid_t>(before_)); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static constexpr uid_t nobody = 65534;
  int before_;
};

FolderSettings quick(std::vector<std::string> directories) {
  return {.directories = std::move(directories), .poll = Millis{10}};
}

TEST(FolderTrouble, AFolderThatVanishesKeepsWhatItHeld) {
  const TempFolder folder;
  folder.write("conf/a.yaml", service("a", 1));
  folder.write("other/b.yaml", service("b", 1));
  Running running(quick({folder / "conf", folder / "other"}));
  folder.remove("conf");
  EXPECT_TRUE(running.until([&] { return running.finding_ids() == "GW0107"; }));
  running.settle(folder / "other");  // longer than a removal takes
  EXPECT_EQ(running.port_of("a"), 1);
  folder.write("conf/a.yaml", service("a", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
  EXPECT_EQ(running.finding_ids(), "");
  folder.write("conf/a.yaml", service("a", 3));  // watched again
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderTrouble, ARootThatIsALinkMayBeTurned) {
  const TempFolder folder;
  folder.write("one/a.yaml", service("a", 1));
  folder.write("two/a.yaml", service("a", 2));
  fs::create_directory_symlink("one", folder / "current");
  Running running({folder / "current"});
  fs::create_directory_symlink("two", folder / "next");
  folder.rename("next", "current");
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
  folder.write("two/a.yaml", service("a", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderTrouble, ASingleFileIsARootToo) {
  const TempFolder folder;
  folder.write("only.conf", service("a", 1));
  Running running(quick({folder / "only.conf"}));
  EXPECT_EQ(running.port_of("a"), 1);
  folder.write("beside.yaml", service("b"));
  folder.write("only.conf", service("a", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
  folder.replace("only.conf", service("a", 3));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 3; }));
  folder.remove("only.conf");
  EXPECT_TRUE(running.until([&] { return running.finding_ids() == "GW0107"; }));
  folder.write("only.conf", service("a", 4));
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 4; }));
  EXPECT_EQ(running.keys(), "Service default/a");
  EXPECT_THAT(running.removed, IsEmpty());
}

TEST(FolderTrouble, WithoutAWatchTheClockLooks) {
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  folder.write("sub/b.yaml", service("b", 1));
  FolderSettings settings = quick({folder.path()});
  settings.max_watches = 1;
  Running running(settings);
  ASSERT_EQ(running.finding_ids(), "GW0503");
  EXPECT_THAT(running.batches[0].findings[0].message, HasSubstr("watched"));
  folder.write("sub/b.yaml", service("b", 2));
  EXPECT_TRUE(running.until([&] { return running.port_of("b") == 2; }));
  folder.remove("sub/b.yaml");
  EXPECT_TRUE(running.until_world_is("Service default/a"));
}

TEST(FolderTrouble, LostEventsMeanLookingAtEverything) {
  std::size_t queue = 16384;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queue;
  ASSERT_LE(queue, 1'000'000u) << "the queue of inotify is too long to be filled here";
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  Running running({folder.path()});
  for (std::size_t i = 0; i <= queue / 2; ++i) {  // each makes two events at least, and nobody reads
    const std::string path = folder / ("noise" + std::to_string(i % 2));
    std::ofstream{path};
    ::unlink(path.c_str());
  }
  folder.write("a.yaml", service("a", 2));  // its events are lost
  EXPECT_TRUE(running.until([&] { return running.port_of("a") == 2; }));
}

TEST(FolderTrouble, AFileThatCannotBeReadKeepsWhatItHad) {
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  folder.write("sub/b.yaml", service("b", 1));
  Running running(quick({folder.path()}));
  fs::permissions(folder / "a.yaml", fs::perms::none);
  folder.write("c.yaml", service("c", 1));
  {
    const AsNobody nobody;
    running.source->reload();
    EXPECT_EQ(running.finding_ids(), "GW0107 GW0502");
    EXPECT_EQ(running.port_of("a"), 1);
    EXPECT_EQ(running.port_of("c"), 1);
  }
  fs::permissions(folder / "a.yaml", fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
  EXPECT_TRUE(running.until([&] { return running.finding_ids().empty(); }));  // the change of rights is seen
  fs::permissions(folder / "sub", fs::perms::none);
  folder.remove("c.yaml");
  {
    const AsNobody nobody;
    running.source->reload();
    EXPECT_EQ(running.finding_ids(), "GW0107");
    EXPECT_TRUE(running.until([&] { return running.port_of("c") == 0; }));  // so long a removal takes
    EXPECT_EQ(running.port_of("b"), 1);
  }
  fs::permissions(folder / "sub", fs::perms::owner_all);
  EXPECT_TRUE(running.until([&] { return running.finding_ids().empty(); }));
  EXPECT_EQ(running.keys(), "Service default/a, Service default/b");
}

TEST(FolderTrouble, ReloadLooksAtEveryFileAndSaysOnlyWhatIsNew) {
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  Running running({folder.path()});
  running.source->reload();
  EXPECT_EQ(running.batches.size(), 1u);
  folder.write("a.yaml", service("a", 2));
  running.source->reload();  // before any event was read
  EXPECT_EQ(running.port_of("a"), 2);
}

TEST(FolderTrouble, NothingIsDeliveredAfterTheEnd) {
  const TempFolder folder;
  folder.write("a.yaml", service("a", 1));
  Running running({folder.path()});
  folder.write("a.yaml", service("a", 2));
  running.source.reset();
  running.io.restart();
  running.io.run();  // comes back: nothing is left to wait for
  EXPECT_EQ(running.batches.size(), 1u);
}

}  // namespace
}  // namespace pintle::source
