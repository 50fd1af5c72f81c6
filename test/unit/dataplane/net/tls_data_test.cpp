// Bytes over an established TLS connection: records, back-pressure, the end.
#include <algorithm>

#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::net {
namespace {

struct TlsData : testing::Test {
  void SetUp() override {
    ASSERT_EQ(client.shake(accepted).status, IoStatus::Ok);
    static_cast<void>(client.read(accepted));
  }
  std::string big(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
    return text;
  }
  TlsBench bench{{{"*", {"default.example"}}}};
  TlsBench::Accepted accepted = bench.accept();
  Connection& server = accepted.server;
  TlsClient client{{.sni = "shop.example.com"}};
  char bytes[64] = {};
};

TEST_F(TlsData, ReadsWhatIsThere) {
  EXPECT_EQ(server.read(bytes).status, IoStatus::WouldBlock);
  client.write(accepted, "hello ");
  client.write(accepted, "world");
  const IoResult read = server.read(bytes);
  EXPECT_EQ(read.status, IoStatus::Ok);
  EXPECT_EQ(std::string_view(bytes, read.bytes), "hello world") << "from as many records as are there";
}

TEST_F(TlsData, ReadsALargeRecordInSmallParts) {
  const std::string text = big(16'384);
  client.write(accepted, text);
  std::string got;
  for (IoResult read = server.read(bytes); read.bytes > 0; read = server.read(bytes)) got.append(bytes, read.bytes);
  EXPECT_EQ(got, text);
}

TEST_F(TlsData, RecordCutAtEveryByte) {
  for (std::size_t cut = 1;; ++cut) {
    ASSERT_EQ(SSL_write(client.native(), "hello", 5), 5);
    const std::string record = client.take();
    if (cut >= record.size()) {
      send_text(accepted.peer, record);
      EXPECT_EQ(server.read(bytes).bytes, 5u);
      EXPECT_GT(cut, 20u);
      return;
    }
    send_text(accepted.peer, std::string_view(record).substr(0, cut));
    ASSERT_EQ(server.read(bytes).status, IoStatus::WouldBlock) << cut;
    send_text(accepted.peer, std::string_view(record).substr(cut));
    ASSERT_EQ(server.read(bytes).bytes, 5u) << cut;
  }
}

TEST_F(TlsData, SmallPiecesShareARecord) {
  std::string words[] = {"HTTP/1.1 200 OK\r\n", "", "Content-Length: 2\r\n\r\n", "ok"};
  std::vector<iovec> pieces;
  std::string expected;
  for (std::string& word : words) {
    pieces.push_back({word.data(), word.size()});
    expected += word;
  }
  const IoResult written = server.writev(pieces);
  EXPECT_EQ(written.status, IoStatus::Ok);
  EXPECT_EQ(written.bytes, expected.size());
  const std::string wire = take_text(accepted.peer);
  EXPECT_LT(wire.size(), expected.size() + 40) << "one record";
  client.give(wire);
  EXPECT_EQ(client.read(accepted), expected);
}

// What the socket does not take stays with the connection and goes out with flush(), in order and complete.
TEST_F(TlsData, LargeWriteToASlowReader) {
  const std::string text = big(4 << 20);
  std::size_t offset = 0;
  std::string got;
  int blocked = 0;
  while (offset < text.size()) {
    const IoResult written = server.write(std::string_view(text).substr(offset));
    ASSERT_NE(written.status, IoStatus::Error);
    if (written.bytes < text.size() - offset) ASSERT_EQ(written.status, IoStatus::WouldBlock);
    offset += written.bytes;
    if (written.status == IoStatus::Ok) continue;
    ++blocked;
    EXPECT_TRUE(server.has_pending());
    EXPECT_EQ(server.write(std::string_view(text).substr(offset, 1)).bytes, 0u) << "blocked, and it says so";
    got += client.read(accepted);
    for (IoResult flushed = server.flush(); flushed.status == IoStatus::WouldBlock; flushed = server.flush())
      got += client.read(accepted);
    EXPECT_FALSE(server.has_pending());
  }
  got += client.read(accepted);
  while (server.has_pending()) {
    static_cast<void>(server.flush());
    got += client.read(accepted);
  }
  EXPECT_GT(blocked, 0);
  EXPECT_EQ(got.size(), text.size());
  EXPECT_TRUE(got == text);
  EXPECT_EQ(bench.pool.in_use(), 0u);
}

// The gather buffer is shared by all connections of a worker: nothing of one may ever go out on another.
TEST_F(TlsData, BlockedConnectionLeavesOthersAlone) {
  auto other_accepted = bench.accept();
  TlsClient other{{.sni = "shop.example.com"}};
  ASSERT_EQ(other.shake(other_accepted).status, IoStatus::Ok);
  const std::string text = big(2 << 20);
  EXPECT_EQ(server.write(std::string_view(text)).status, IoStatus::WouldBlock);
  EXPECT_EQ(other_accepted.server.write(std::string_view("for the other")).status, IoStatus::Ok);
  EXPECT_EQ(other.read(other_accepted), "for the other");
  std::string got = client.read(accepted);
  while (server.has_pending()) {
    static_cast<void>(server.flush());
    got += client.read(accepted);
  }
  EXPECT_TRUE(text.starts_with(got));
}

TEST_F(TlsData, RequestInTheSameFlightAsTheEndOfTheHandshake) {
  auto early_accepted = bench.accept();
  TlsClient early{{.sni = "shop.example.com"}};
  early.step();
  send_text(early_accepted.peer, early.take());
  ASSERT_EQ(early_accepted.server.handshake().status, IoStatus::WouldBlock);
  early.give(take_text(early_accepted.peer));
  early.step();
  ASSERT_TRUE(early.is_done());
  early.write(early_accepted, "GET /");
  EXPECT_EQ(early_accepted.server.handshake().status, IoStatus::Ok);
  const IoResult read = early_accepted.server.read(bytes);
  EXPECT_EQ(std::string_view(bytes, read.bytes), "GET /") << "no event will tell of it again";
}

TEST_F(TlsData, OrderlyEnd) {
  client.write(accepted, "bye");
  SSL_shutdown(client.native());
  send_text(accepted.peer, client.take());
  EXPECT_EQ(server.read(bytes).bytes, 3u);
  EXPECT_EQ(server.read(bytes).status, IoStatus::Eof);
  EXPECT_EQ(server.write(std::string_view("answer")).status, IoStatus::Ok) << "one direction is still open";
  EXPECT_EQ(client.read(accepted), "answer");
  server.shutdown_write();
  static_cast<void>(client.read(accepted));
  EXPECT_NE(SSL_get_shutdown(client.native()) & SSL_RECEIVED_SHUTDOWN, 0);
}

TEST_F(TlsData, EndWithoutCloseNotifyIsAnEnd) {
  client.write(accepted, "bye");
  ::shutdown(accepted.peer.get(), SHUT_WR);
  EXPECT_EQ(server.read(bytes).bytes, 3u);
  EXPECT_EQ(server.read(bytes).status, IoStatus::Eof);
  EXPECT_EQ(server.read(bytes).status, IoStatus::Eof);
  EXPECT_EQ(server.write(std::string_view("answer")).status, IoStatus::Ok);
  EXPECT_EQ(client.read(accepted), "answer");
}

TEST_F(TlsData, EndWithinARecordIsAnEndToo) {
  ASSERT_EQ(SSL_write(client.native(), "hello", 5), 5);
  send_text(accepted.peer, client.take().substr(0, 10));
  accepted.peer.reset();
  server.expect_end();  // the event told of both
  EXPECT_EQ(server.read(bytes).status, IoStatus::Eof) << "nothing of the record was told";
}

TEST_F(TlsData, TheEndComesByAnEventOfItsOwn) {
  ASSERT_EQ(SSL_write(client.native(), "hello", 5), 5);
  send_text(accepted.peer, client.take().substr(0, 10));
  EXPECT_EQ(server.read(bytes).status, IoStatus::WouldBlock);
  accepted.peer.reset();
  EXPECT_EQ(server.read(bytes).status, IoStatus::Eof);
}

TEST_F(TlsData, CloseNotifyGoesWithTheLastBytes) {
  server.end_with_next_write();
  EXPECT_EQ(server.write(std::string_view("bye")).status, IoStatus::Ok);
  EXPECT_EQ(client.read(accepted), "bye");
  EXPECT_NE(SSL_get_shutdown(client.native()) & SSL_RECEIVED_SHUTDOWN, 0);
  server.close();
  EXPECT_EQ(look_at(accepted.peer), PeerState::Finished) << "told once";
}

TEST_F(TlsData, CloseNotifyNeverGoesBeforeBytesThatWait) {
  server.end_with_next_write();
  const std::string large(8 << 20, 'x');
  const IoResult first = server.write(std::string_view(large));
  ASSERT_EQ(first.status, IoStatus::WouldBlock);
  std::string received = client.read(accepted);
  for (std::size_t sent = first.bytes; received.size() < large.size();) {
    sent += server.write(std::string_view(large).substr(sent, 20'000)).bytes;
    static_cast<void>(server.flush());
    received += client.read(accepted);
    ASSERT_EQ(SSL_get_shutdown(client.native()) & SSL_RECEIVED_SHUTDOWN, 0) << received.size();
  }
  EXPECT_TRUE(received == large);
}

TEST_F(TlsData, ForgedRecordIsAFault) {
  ASSERT_EQ(SSL_write(client.native(), "hello", 5), 5);
  std::string record = client.take();
  record.back() = static_cast<char>(record.back() ^ 1);
  send_text(accepted.peer, record);
  const IoResult read = server.read(bytes);
  EXPECT_EQ(read.status, IoStatus::Error);
  EXPECT_EQ(read.bytes, 0u);
  EXPECT_FALSE(server.tls_error().empty());
  EXPECT_EQ(server.write(std::string_view("x")).status, IoStatus::Error);
}

TEST_F(TlsData, CloseTellsThePeer) {
  server.close();
  static_cast<void>(client.read(accepted));
  EXPECT_NE(SSL_get_shutdown(client.native()) & SSL_RECEIVED_SHUTDOWN, 0);
  EXPECT_EQ(look_at(accepted.peer), PeerState::Finished);
}

TEST_F(TlsData, AbortDoesNot) {
  server.abort();
  static_cast<void>(client.read(accepted));
  EXPECT_EQ(SSL_get_shutdown(client.native()) & SSL_RECEIVED_SHUTDOWN, 0) << "a cut message must not look complete";
}

}  // namespace
}  // namespace pintle::net
