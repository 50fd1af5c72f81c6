#include "dataplane/net/client_hello.hpp"

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::net {
namespace {

std::string number(std::size_t value, std::size_t size) {
  std::string out;
  for (std::size_t i = size; i-- > 0;) out += static_cast<char>(value >> (8 * i) & 0xFFU);
  return out;
}
std::string vector_of(std::string_view bytes, std::size_t length_size) {
  return number(bytes.size(), length_size) + std::string(bytes);
}
std::string extension(std::size_t type, std::string_view data) { return number(type, 2) + vector_of(data, 2); }
std::string server_name(std::string_view host) { return extension(0, vector_of(number(0, 1) + vector_of(host, 2), 2)); }
std::string message(std::string_view extensions) {
  std::string body = number(0x0303, 2) + std::string(32, 'r') + vector_of("session", 1) + vector_of("\x13\x01", 2) +
                     vector_of(std::string_view("\0", 1), 1);
  if (!extensions.empty()) body += vector_of(extensions, 2);
  return number(1, 1) + vector_of(body, 3);
}
/// In records of at most `most` bytes.
std::string in_records(std::string_view bytes, std::size_t most = 16384) {
  std::string out;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, most);
    out += number(22, 1) + number(0x0301, 2) + vector_of(piece, 2);
    bytes.remove_prefix(piece.size());
  }
  return out;
}
const std::string other_extensions = extension(10, "\0\2\0\x1d") + extension(0x1a1a, "");

HelloProgress progress_of(std::string_view bytes) { return find_client_hello(bytes).progress; }

TEST(ClientHello, FindsTheNameAmongOtherExtensions) {
  const ClientHello hello = find_client_hello(in_records(message(other_extensions + server_name("Shop.Example.COM"))));
  ASSERT_EQ(hello.progress, HelloProgress::Complete);
  EXPECT_EQ(hello.sni, "shop.example.com");
}

TEST(ClientHello, NoNameIsEmpty) {
  for (const std::string& extensions : {std::string(), other_extensions}) {
    const ClientHello hello = find_client_hello(in_records(message(extensions)));
    EXPECT_EQ(hello.progress, HelloProgress::Complete);
    EXPECT_EQ(hello.sni, "");
  }
}

TEST(ClientHello, IsTheSameWhereverItIsCut) {
  const std::string bytes = in_records(message(server_name("a.example.com")), 40) + "what follows";
  const std::size_t end = bytes.size() - 12;
  for (std::size_t have = 0; have < end; ++have) {
    const ClientHello hello = find_client_hello(bytes.substr(0, have));
    ASSERT_EQ(hello.progress, HelloProgress::More) << have;
    EXPECT_GT(hello.wanted, have);
    EXPECT_LE(hello.wanted, end);
  }
  EXPECT_EQ(find_client_hello(bytes).sni, "a.example.com");
}

TEST(ClientHello, IsTheSameInRecordsOfAnySize) {
  const std::string whole = message(other_extensions + server_name("a.example.com"));
  for (std::size_t size = 1; size <= whole.size(); ++size)
    EXPECT_EQ(find_client_hello(in_records(whole, size)).sni, "a.example.com") << size;
}

TEST(ClientHello, RefusesWhatIsNone) {
  const std::string sound = in_records(message(server_name("a.example.com")));
  EXPECT_EQ(progress_of("GET / HTTP/1.1\r\n"), HelloProgress::Malformed);
  EXPECT_EQ(progress_of("\x15\x03\x01"), HelloProgress::Malformed);                      // an alert
  EXPECT_EQ(progress_of(std::string("\x16\x02", 2)), HelloProgress::Malformed);          // SSL 2
  EXPECT_EQ(progress_of(std::string("\x16\x03\x01\0\0", 5)), HelloProgress::Malformed);  // an empty record
  EXPECT_EQ(progress_of("\x16\x03\x01\x40\x01"), HelloProgress::Malformed);              // more than a record may hold
  std::string other = sound;
  other[5] = 2;  // a ServerHello
  EXPECT_EQ(progress_of(other), HelloProgress::Malformed);
  std::string vast = sound;
  vast[6] = '\x7f';  // a message of megabytes
  EXPECT_EQ(progress_of(vast), HelloProgress::Malformed);
  EXPECT_EQ(progress_of(in_records(message(server_name("a.example.com") + server_name("b.example.com")))),
            HelloProgress::Malformed);
  EXPECT_EQ(progress_of(in_records(message(server_name("a.example.com")).substr(0, 60) + std::string(200, 'x'))),
            HelloProgress::Malformed);
}

TEST(ClientHello, RefusesNamesThatNoHostHas) {
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string("a b"), std::string(256, 'a')})
    EXPECT_EQ(progress_of(in_records(message(server_name(name)))), HelloProgress::Malformed) << name;
}

TEST(ClientHello, BoundsTheRecordsItLooksAt) {
  const std::string many = message(server_name("a.example.com") + extension(99, std::string(2000, 'x')));
  EXPECT_EQ(progress_of(in_records(many, 1)), HelloProgress::Malformed);
  EXPECT_EQ(progress_of(in_records(many, 4)), HelloProgress::Complete);
}

TEST(ClientHello, ReadsWhatOpensslSends) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client({.sni = "a.example.com", .max_version = version, .alpn = "\x02h2\x08http/1.1"});
    client.step();
    EXPECT_EQ(find_client_hello(client.take()).sni, "a.example.com");
  }
}

}  // namespace
}  // namespace pintle::net
