#include "controller/source/object_journal.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::source {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const api::ObjectKey shop{api::Kind::HTTPRoute, "default", "shop"};
const api::ObjectKey blog{api::Kind::HTTPRoute, "default", "blog"};

class ObjectJournalTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "journal-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/objects";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  ObjectJournal open() {
    auto made = ObjectJournal::open(path_);
    if (!made) throw std::runtime_error(made.error().context);
    return std::move(*made);
  }
  /// A whole world of two routes.
  void write_two() {
    ObjectJournal journal = open();
    ASSERT_TRUE(journal.put(shop, R"({"a":1})"));
    ASSERT_TRUE(journal.put(blog, R"({"b":2})"));
    ASSERT_TRUE(journal.mark_whole());
  }
  std::vector<std::string> read() {
    std::vector<std::string> texts;
    for (auto& kept : open().read().value()) texts.push_back(std::move(kept.json));
    return texts;
  }
  std::string directory_;
  std::string path_;
};

TEST_F(ObjectJournalTest, AWholeWorldComesBack) {
  write_two();
  EXPECT_THAT(read(), ElementsAre(R"({"b":2})", R"({"a":1})"));
}

TEST_F(ObjectJournalTest, KeysComeBackToo) {
  write_two();
  const auto kept = open().read().value();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].key, blog);
  EXPECT_EQ(kept[1].key, shop);
}

TEST_F(ObjectJournalTest, LineEndsBetweenTokensDoNoHarm) {
  {
    ObjectJournal journal = open();
    ASSERT_TRUE(journal.put(shop, "{\n  \"a\": 1\r\n}"));
    ASSERT_TRUE(journal.mark_whole());
  }
  EXPECT_THAT(read(), ElementsAre("{   \"a\": 1  }"));
}

TEST_F(ObjectJournalTest, AWorldThatWasNeverWholeDoesNot) {
  ASSERT_TRUE(open().put(shop, "{}"));
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(ObjectJournalTest, TheLastVersionCountsAndTheGoneAreGone) {
  write_two();
  {
    ObjectJournal journal = open();
    ASSERT_TRUE(journal.put(shop, R"({"a":3})"));
    ASSERT_TRUE(journal.remove(blog));
  }
  EXPECT_THAT(read(), ElementsAre(R"({"a":3})"));
}

TEST_F(ObjectJournalTest, ATornLineIsLeftOutAtEveryCut) {
  write_two();
  std::string bytes;
  {
    std::ifstream file(path_, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  const std::size_t whole = bytes.size();
  bytes += bytes.substr(0, bytes.find('\n'));  // the shop's line again, without its end
  for (std::size_t cut = whole; cut <= bytes.size(); ++cut) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes.substr(0, cut);
    EXPECT_EQ(read().size(), 2U) << cut;
    EXPECT_EQ(std::filesystem::file_size(path_), whole) << "the torn end is cut off, so that what follows is read";
  }
}

TEST_F(ObjectJournalTest, AnAlteredLineEndsTheReading) {
  write_two();
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  std::string first;
  std::getline(file, first);
  file.seekp(static_cast<std::streamoff>(first.size()) + 20);
  file.put('#');
  file.close();
  EXPECT_THAT(read(), IsEmpty()) << "the mark of a whole world comes after the altered line";
}

TEST_F(ObjectJournalTest, StaysSmallHoweverOftenAnObjectChanges) {
  const std::string big(4096, 'x');
  {
    ObjectJournal journal = open();
    ASSERT_TRUE(journal.mark_whole());
    for (int version = 0; version < 2000; ++version)
      ASSERT_TRUE(journal.put(version % 2 == 0 ? shop : blog, fmt::format(R"({{"v":{},"x":"{}"}})", version, big)));
    EXPECT_LT(journal.bytes(), (std::uint64_t{1} << 20U) + 5 * big.size());
  }
  EXPECT_EQ(read().size(), 2U);
  EXPECT_TRUE(read()[1].starts_with(R"({"v":1998,)"));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(ObjectJournalTest, OnlyItsOwnerMayRead) {
  write_two();
  struct stat facts{};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST_F(ObjectJournalTest, AnAbsentDirectoryIsNamed) {
  const auto made = ObjectJournal::open(directory_ + "/absent/objects");
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().context, testing::HasSubstr("/absent/objects: cannot open: No such file"));
}

}  // namespace
}  // namespace pintle::source
