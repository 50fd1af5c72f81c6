// Text of a manifest in a message for people (req 59).
#include <gtest/gtest.h>

#include "controller/api/document.hpp"

namespace pintle::api {
namespace {

TEST(Quote, LeavesNoControlCharacterToATerminal) {
  EXPECT_EQ(quote("a\x1b[31m\x7f\r\n\t"), R"("a\x1b[31m\x7f\x0d\n\x09")");
  EXPECT_EQ(quote("\xc2\x80 \xc2\x9b"
                  "31m \xc2\x9f"),
            R"("\u0080 \u009b31m \u009f")");
}

TEST(Quote, LeavesOtherTextAsItIs) {
  EXPECT_EQ(quote("\xc2\xa0 \xc3\x9b \xe2\x82\xac"), "\"\xc2\xa0 \xc3\x9b \xe2\x82\xac\"");
  EXPECT_EQ(quote(R"(a"b\c)"), R"("a\"b\\c")");
  EXPECT_EQ(quote("\xc2"), "\"\xc2\"");
}

TEST(Visible, EscapesControlCharactersAlone) {
  EXPECT_EQ(visible("spec.a\x1b[1m\"\\\xc2\x9b\n"), R"(spec.a\x1b[1m"\\u009b\n)");
}

TEST(Quote, CutsBetweenCharacters) { EXPECT_EQ(quote("ab\xc3\xa9z", 3), "\"ab…\""); }

}  // namespace
}  // namespace pintle::api
