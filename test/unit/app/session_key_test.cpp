#include "src/app/session_key.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace pintle::app {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() : path(fs::temp_directory_path() / fs::path("pintle-session-key-" + std::to_string(::getpid()))) {
    fs::remove_all(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] fs::path file() const { return path / "session.key"; }
  fs::path path;
};

TEST(SessionKeyFile, IsMadeWhenAskedForAndReadByTheNextRun) {
  const Folder folder;
  SessionKeyFile first(folder.path.string());
  EXPECT_FALSE(fs::exists(folder.path)) << "nobody keeps sessions";
  const auto key = first.key();
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key, first.key());
  EXPECT_EQ(fs::status(folder.file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  SessionKeyFile second(folder.path.string());
  EXPECT_EQ(*second.key(), *key);
}

TEST(SessionKeyFile, OneThatOthersReadIsNotUsed) {
  const Folder folder;
  fs::create_directories(folder.path);
  std::ofstream(folder.file()) << "known";
  fs::permissions(folder.file(), fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  SessionKeyFile file(folder.path.string());
  ASSERT_NE(file.key(), nullptr);
  EXPECT_NE(file.key()->reveal(), "known");
  EXPECT_EQ(fs::file_size(folder.file()), 5U) << "it is never replaced";
}

}  // namespace
}  // namespace pintle::app
