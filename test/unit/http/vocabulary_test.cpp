#include <array>
#include <cctype>
#include <string>

#include <gtest/gtest.h>

#include <pintle/http/authority.hpp>
#include <pintle/http/headers.hpp>
#include <pintle/http/method.hpp>
#include <pintle/http/request.hpp>
#include <pintle/http/status.hpp>

namespace pintle::http {
namespace {

TEST(HeaderIds, EachNameIsFoundInAnyCaseAndNothingElseIs) {
  for (std::uint16_t i = 1; i < static_cast<std::uint16_t>(HeaderId::Count); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string name(header_name(id));
    ASSERT_FALSE(name.empty()) << i;
    EXPECT_EQ(find_header_id(name), id) << name;
    for (char& c : name) c = static_cast<char>(std::toupper(c));
    EXPECT_EQ(find_header_id(name), id) << name;
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    EXPECT_EQ(find_header_id(name), id) << name;
    for (std::size_t at = 0; at < name.size(); ++at) {
      std::string other = name;
      other[at] = name[at] == 'q' ? 'z' : 'q';
      EXPECT_EQ(find_header_id(other), HeaderId::Other) << other;
      if (name[at] == '-') {
        other[at] = '_';
        EXPECT_EQ(find_header_id(other), HeaderId::Other) << other;
      }
    }
    EXPECT_NE(find_header_id(name + "s"), id);
    EXPECT_NE(find_header_id(name.substr(1)), id);
  }
  EXPECT_EQ(find_header_id(""), HeaderId::Other);
  EXPECT_EQ(find_header_id("x"), HeaderId::Other);
  EXPECT_EQ(header_name(HeaderId::Other), "");
}

TEST(HeaderNames, CompareWithoutCase) {
  EXPECT_TRUE(name_equals("X-Any", "x-aNY"));
  EXPECT_TRUE(name_equals("", ""));
  EXPECT_FALSE(name_equals("a", "ab"));
  EXPECT_FALSE(name_equals("a@", "a`"));  // differ in bit 0x20 but are no letters
  EXPECT_FALSE(name_equals("x_y", "x-y"));
}

TEST(HeaderView, FindsByIdAndName) {
  constexpr std::string_view bytes = "Host: a\r\nx-foo: bar\r\n";
  const std::array<Field, 2> fields{Field{0, 6, 1, 4, HeaderId::Host}, Field{9, 16, 3, 5, HeaderId::Other}};
  const HeaderView view{bytes.data(), fields};
  ASSERT_NE(view.find(HeaderId::Host), nullptr);
  EXPECT_EQ(view.value(*view.find(HeaderId::Host)), "a");
  ASSERT_NE(view.find("X-FOO"), nullptr);
  EXPECT_EQ(view.value(*view.find("X-FOO")), "bar");
  EXPECT_EQ(view.find("x-bar"), nullptr);
  EXPECT_EQ(view.find(HeaderId::Te), nullptr);
}

TEST(Methods, Table) {
  for (auto m : {Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete, Method::Connect, Method::Options,
                 Method::Trace, Method::Patch}) {
    EXPECT_EQ(find_method(method_name(m)), m) << method_name(m);
  }
  for (const char* text : {"", "get", "GETS", "PUTT", "POKE", "PATSH", "DELETA", "OPTIONZ", "GeT"}) {
    EXPECT_EQ(find_method(text), Method::Other) << text;
  }
  EXPECT_TRUE(is_safe(Method::Head) && !is_safe(Method::Put) && !is_safe(Method::Other));
  EXPECT_TRUE(is_idempotent(Method::Put) && is_idempotent(Method::Get) && is_idempotent(Method::Delete));
  EXPECT_FALSE(is_idempotent(Method::Post) || is_idempotent(Method::Patch) || is_idempotent(Method::Connect));
}

TEST(Statuses, Texts) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(404), "Not Found");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
  EXPECT_EQ(reason_phrase(299), "");
  EXPECT_TRUE(never_has_body(101) && never_has_body(204) && never_has_body(304));
  EXPECT_FALSE(never_has_body(200) || never_has_body(205) || never_has_body(404));
}

struct AuthorityRow {
  std::string_view text;
  std::string_view host;  ///< empty: refused
  unsigned port;
};

TEST(Authorities, Table) {
  constexpr AuthorityRow rows[] = {
      {"a", "a", 0},
      {"A.B", "a.b", 0},
      {"a.", "a", 0},
      {"a.:1", "a", 1},
      {"a:65535", "a", 65535},
      {"a:00080", "a", 80},
      {"1.2.3.4:80", "1.2.3.4", 80},
      {"[::1]", "[::1]", 0},
      {"[2001:DB8::A]:443", "[2001:db8::a]", 443},
      {"a_b-c~d", "a_b-c~d", 0},
      {"", "", 0},
      {".", "", 0},
      {".a", "", 0},
      {"a..", "", 0},
      {"a:", "", 0},
      {"a:0", "", 0},
      {"a:65536", "", 0},
      {"a:000080", "", 0},
      {"a:8 0", "", 0},
      {"a:1:2", "", 0},
      {":1", "", 0},
      {"a,b", "", 0},
      {"u@a", "", 0},
      {"a/b", "", 0},
      {"[::1", "", 0},
      {"[::1]1", "", 0},
      {"[fe80::1%1]", "", 0},
      {"[1.2.3.4]", "", 0},
      {"::1", "", 0},
  };
  for (const AuthorityRow& row : rows) {
    Authority authority;
    const Refusal refusal = parse_authority(row.text, authority);
    EXPECT_EQ(refusal.status, row.host.empty() ? 400U : 0U) << row.text;
    EXPECT_EQ(authority.host(), row.host) << row.text;
    if (!row.host.empty()) EXPECT_EQ(authority.port, row.port) << row.text;
  }
}

/// What an object holds of one host never shows in what the next one gives.
TEST(Authorities, AnotherCallIntoTheSameObjectGivesTheSame) {
  constexpr std::string_view texts[] = {"a",    "a:1", "A",    "a.",    "a.b",   "a.b:80",   "ab",     "a:b",
                                        "a:",   "a:0", "a..",  "",      "[::1]", "[::1]:80", "[::1]x", "a/b",
                                        "[::1", "b",   "a.:1", "[::A]", "[::a]", "a:1:2"};
  for (const std::string_view before : texts) {
    for (const std::string_view text : texts) {
      Authority fresh;
      const Refusal expected = parse_authority(text, fresh);
      Authority used;
      static_cast<void>(parse_authority(before, used));
      const Refusal got = parse_authority(text, used);
      ASSERT_EQ(got.detail, expected.detail) << text << " after " << before;
      if (expected) continue;
      ASSERT_EQ(used.host(), fresh.host()) << text << " after " << before;
      ASSERT_EQ(used.port, fresh.port) << text << " after " << before;
    }
  }
}

TEST(Authorities, LongestHost) {
  Authority authority;
  EXPECT_FALSE(parse_authority(std::string(255, 'a'), authority));
  EXPECT_EQ(authority.length, 255);
  EXPECT_TRUE(parse_authority(std::string(256, 'a'), authority));
  EXPECT_TRUE(parse_authority("[" + std::string(300, ':') + "]", authority));
}

TEST(FieldSets, HoldTheLastField) {
  FieldSet set;
  EXPECT_TRUE(set.empty());
  set.insert(max_response_fields - 1);
  set.insert(0);
  EXPECT_TRUE(set.contains(0) && set.contains(max_response_fields - 1) && !set.contains(64));
  EXPECT_FALSE(set.empty());
}

}  // namespace
}  // namespace pintle::http
