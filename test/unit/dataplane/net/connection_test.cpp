#include "dataplane/net/connection.hpp"

#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/net/listener.hpp"
#include "dataplane/net/tls.hpp"
#include "test/unit/dataplane/net/sockets.hpp"

namespace pintle::net {
namespace {

constexpr runtime::SocketAddress any_port{.ip = {127, 0, 0, 1}};

struct Plain : testing::Test {
  SocketPair pair;
  UniqueFd peer = std::move(pair.theirs);
  Connection connection{std::move(pair.ours), any_port, any_port};
  char bytes[64] = {};
};

TEST_F(Plain, ReadsWhatIsThere) {
  EXPECT_EQ(connection.read(bytes).status, IoStatus::WouldBlock);
  send_text(peer, "hello");
  const IoResult first = connection.read(std::span(bytes).first(2));
  EXPECT_EQ(first.bytes, 2u);
  EXPECT_EQ(first.status, IoStatus::Ok);
  EXPECT_EQ(connection.read(bytes).bytes, 3u);
  EXPECT_EQ(std::string_view(bytes, 3), "llo");
  EXPECT_EQ(connection.read({}).status, IoStatus::Ok) << "nothing asked is not the end";
}

TEST_F(Plain, EndOfThePeer) {
  send_text(peer, "bye");
  peer.reset();
  EXPECT_EQ(connection.read(bytes).bytes, 3u);
  EXPECT_EQ(connection.read(bytes).status, IoStatus::Eof);
  const IoResult written = connection.write(std::string_view("x"));
  EXPECT_EQ(written.status, IoStatus::Error);
  EXPECT_EQ(written.error, EPIPE);
}

TEST_F(Plain, HandshakeAndFlushAreDoneAtOnce) {
  EXPECT_EQ(connection.handshake().status, IoStatus::Ok);
  EXPECT_EQ(connection.flush().status, IoStatus::Ok);
  EXPECT_FALSE(connection.has_pending());
  EXPECT_FALSE(connection.is_tls());
  EXPECT_EQ(connection.tls_error(), "");
}

TEST_F(Plain, WritesMorePiecesThanOneCallTakes) {
  std::vector<std::string> words;
  std::vector<iovec> pieces;
  std::string expected;
  words.reserve(40);
  for (int i = 0; i < 40; ++i)
    words.push_back(std::string(static_cast<std::size_t>(i % 5), static_cast<char>('a' + i % 26)));
  pieces.reserve(words.size());
  for (std::string& word : words) {
    pieces.push_back({word.data(), word.size()});
    expected += word;
  }
  const IoResult written = connection.writev(pieces);
  EXPECT_EQ(written.status, IoStatus::Ok);
  EXPECT_EQ(written.bytes, expected.size());
  EXPECT_EQ(take_text(peer), expected);
  EXPECT_EQ(connection.writev({}).status, IoStatus::Ok);
}

TEST_F(Plain, ShortWriteComesWithWouldBlock) {
  const std::string big(8 << 20, 'x');
  std::size_t sent = 0;
  IoResult written = connection.write(std::string_view(big));
  while (written.bytes > 0) {
    EXPECT_LE(written.bytes, big.size());
    if (written.bytes < big.size()) EXPECT_EQ(written.status, IoStatus::WouldBlock);
    sent += written.bytes;
    written = connection.write(std::string_view(big));
  }
  EXPECT_EQ(written.status, IoStatus::WouldBlock);
  iovec piece{const_cast<char*>(big.data()), big.size()};
  const IoResult gathered = connection.writev({&piece, 1});
  EXPECT_EQ(gathered.bytes, 0u);
  EXPECT_EQ(gathered.status, IoStatus::WouldBlock);
  std::size_t got = 0;
  for (std::string part = take_text(peer); !part.empty(); part = take_text(peer)) got += part.size();
  EXPECT_EQ(got, sent);
}

TEST_F(Plain, ShutdownFinishesOneDirection) {
  connection.shutdown_write();
  EXPECT_EQ(look_at(peer), PeerState::Finished);
  send_text(peer, "still");
  EXPECT_EQ(connection.read(bytes).bytes, 5u);
  connection.close();
  connection.close();
  connection.shutdown_write();
  EXPECT_FALSE(connection.is_open());
}

TEST_F(Plain, MovesWithItsDescriptor) {
  Connection moved(std::move(connection));
  EXPECT_TRUE(moved.is_open());
  EXPECT_FALSE(connection.is_open());  // NOLINT(bugprone-use-after-move): that is the test
  SocketPair other;
  Connection target(std::move(other.ours), any_port, any_port);
  target = std::move(moved);
  EXPECT_EQ(look_at(other.theirs), PeerState::Finished) << "what it had is closed";
  EXPECT_EQ(look_at(peer), PeerState::Silent);
}

struct Tcp : testing::Test {
  std::vector<UniqueFd> listening = std::move(open_listening_sockets(any_port, 1).value());
  runtime::SocketAddress address = local_address(listening[0].get());
};

TEST_F(Tcp, ConnectsAndAborts) {
  auto connection = Connection::connect(address);
  ASSERT_TRUE(connection);
  const UniqueFd server(::accept4(listening[0].get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server);
  EXPECT_TRUE(connection->connect_result());
  EXPECT_EQ(connection->peer(), address);
  EXPECT_NE(connection->local().port, 0);
  connection->abort();
  EXPECT_EQ(look_at(server), PeerState::Reset) << "a message that was cut must not look complete";
}

TEST_F(Tcp, ConnectThatIsRefusedSaysWhereAndWhy) {
  listening.clear();
  auto connection = Connection::connect(address);
  ASSERT_TRUE(connection);
  const auto result = connection->connect_result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::ConnectFailed);
  EXPECT_EQ(result.error().retry, Retry::Always);
  EXPECT_EQ(result.error().context, "connect to " + runtime::to_string(address) + ": Connection refused");
}

TEST(Addresses, SurviveTheWayThroughSockaddr) {
  runtime::SocketAddress v6{.port = 443, .v6 = true};
  ASSERT_TRUE(runtime::parse_ip("2001:db8::1", v6));
  v6.port = 443;
  for (const runtime::SocketAddress& address : {runtime::SocketAddress{.ip = {10, 1, 2, 3}, .port = 80}, v6}) {
    const RawAddress raw = to_raw(address);
    runtime::SocketAddress back;
    ASSERT_TRUE(from_raw(raw.bytes, raw.length, back));
    EXPECT_EQ(back, address);
  }
  runtime::SocketAddress mapped{.port = 80, .v6 = true};
  mapped.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  const RawAddress raw = to_raw(mapped);
  runtime::SocketAddress back;
  ASSERT_TRUE(from_raw(raw.bytes, raw.length, back));
  EXPECT_EQ(runtime::to_string(back), "192.0.2.7:80");
  EXPECT_FALSE(from_raw(raw.bytes, 1, back));
  const RawAddress nothing{};
  EXPECT_FALSE(from_raw(nothing.bytes, sizeof nothing.bytes, back));
}

}  // namespace
}  // namespace pintle::net
