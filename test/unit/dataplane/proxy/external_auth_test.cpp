// The ExternalAuth filter: what a server is asked, and what its answers mean.
#include "dataplane/proxy/external_auth.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/http1/head_parser.hpp"
#include "dataplane/proxy/protobuf.hpp"
#include "test/unit/dataplane/proxy/auth_filters.hpp"

namespace pintle::proxy {
namespace {

using Kind = AuthVerdict::Kind;
using Protocol = route::ExternalAuth::Protocol;

constexpr std::string_view head =
    "POST /a/b?c=1 HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic x\r\nX-One: 1\r\nX-Two: 2\r\nContent-Length: 4\r\n"
    "X-Forwarded-For: 192.0.2.1\r\n\r\n";

route::ExternalAuth grpc_auth(std::vector<std::string> headers = {}) {
  return auth_with([&](route::ExternalAuth& auth) {
    auth.protocol = Protocol::Grpc;
    auth.request_headers = std::move(headers);
  });
}
/// What a server is asked about `head`.
struct Question {
  explicit Question(const route::ExternalAuth& auth, std::string_view body = {}) {
    static_cast<void>(parser.parse(bytes, {}, request, fields));
    runtime::SocketAddress peer;
    EXPECT_TRUE(runtime::parse_ip("192.0.2.1", peer));
    peer.port = 1234;
    text = write_check(
        auth, {.request = request, .head = head, .scheme = "https", .peer = peer, .local = peer, .body = body});
  }
  std::string bytes{head};
  http1::RequestFields fields;
  http::RequestHead request;
  http1::RequestHeadParser parser;
  std::string text;
};

TEST(HttpCheck, SendsWhatAlwaysGoesAndWhatIsNamed) {
  EXPECT_EQ(Question(auth_with([](route::ExternalAuth& auth) { auth.path = "/check"; })).text,
            "POST /check/a/b?c=1 HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic x\r\nX-Forwarded-For: 192.0.2.1\r\n"
            "Content-Length: 0\r\n\r\n");
  route::ExternalAuth named = with_body(9);
  named.request_headers = {"x-two", "Content-Length"};
  EXPECT_EQ(Question(named, "body").text,
            "POST /a/b?c=1 HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic x\r\nX-Two: 2\r\n"
            "X-Forwarded-For: 192.0.2.1\r\nContent-Length: 4\r\n\r\nbody");
}

/// An answer as the server gives it.
AuthVerdict judge(const route::ExternalAuth& auth, std::string_view answer) {
  http::ResponseHead response;
  http1::ResponseFields fields;
  http1::ResponseHeadParser parser;
  const auto parsed = parser.parse(answer, {}, response, fields);
  EXPECT_EQ(parsed.progress, http1::Progress::Done);
  AuthAnswer collected(auth);
  collected.add_head(response);
  collected.add_payload(answer.substr(parsed.consumed));
  return collected.judge({});
}

TEST(HttpCheck, OnlyA200LetsThrough) {
  const route::ExternalAuth auth = http_auth();
  const struct {
    int status;
    Kind kind;
  } rows[] = {{200, Kind::Allowed}, {201, Kind::Failed}, {204, Kind::Failed}, {302, Kind::Denied},
              {401, Kind::Denied},  {403, Kind::Denied}, {499, Kind::Denied}, {500, Kind::Failed},
              {503, Kind::Failed},  {600, Kind::Failed}, {999, Kind::Failed}};
  for (const auto& row : rows) {
    const AuthVerdict verdict =
        judge(auth, fmt::format("HTTP/1.1 {} x\r\nContent-Length: 0\r\nLocation: /in\r\n\r\n", row.status));
    EXPECT_EQ(verdict.kind, row.kind) << row.status;
    if (row.kind == Kind::Denied) {
      EXPECT_EQ(verdict.status, row.status);
      ASSERT_EQ(verdict.fields.size(), 1U);
      EXPECT_EQ(verdict.fields[0].value, "/in");
    }
  }
}

TEST(HttpCheck, NamesOfTheFilterAreTheServersAlone) {
  constexpr std::string_view answer =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: text/plain\r\nConnection: close\r\nX-User: me\r\n"
      "x-user: too\r\nHost: evil\r\nAuthority: evil\r\nX-More: 1\r\n\r\n";
  const AuthVerdict named =
      judge(auth_with([](route::ExternalAuth& auth) { auth.response_headers = {"X-User", "X-Gone"}; }), answer);
  ASSERT_EQ(named.request.set.size(), 1U);
  EXPECT_EQ(named.request.set[0].value, "me");
  ASSERT_EQ(named.request.add.size(), 1U);
  EXPECT_EQ(named.request.add[0].value, "too");
  ASSERT_EQ(named.request.remove.size(), 1U);
  EXPECT_EQ(named.request.remove[0].name, "X-Gone");

  const AuthVerdict all = judge(http_auth(), answer);
  ASSERT_EQ(all.request.set.size(), 2U);
  EXPECT_EQ(all.request.set[0].name, "X-User");
  EXPECT_EQ(all.request.set[1].name, "X-More");
  EXPECT_TRUE(all.request.remove.empty());
}

TEST(HttpCheck, AnAnswerWithoutEndFails) {
  const route::ExternalAuth auth = http_auth();
  AuthAnswer answer(auth);
  http::ResponseHead response;
  response.status = 403;
  answer.add_head(response);
  const std::string much(AuthAnswer::max_body, 'x');
  answer.add_payload(much);
  EXPECT_EQ(answer.judge({}).kind, Kind::Denied);
  answer.add_payload(much);
  EXPECT_EQ(answer.judge({}).kind, Kind::Failed);
}

// ---- gRPC -----------------------------------------------------------------------------------------------------------

std::string field(std::uint32_t number, std::string_view value) {
  std::string made;
  ProtoWriter(made).text(number, value);
  return made;
}
std::string field(std::uint32_t number, std::uint64_t value) {
  std::string made;
  ProtoWriter(made).number(number, value);
  return made;
}
/// HeaderValueOption.
std::string option(std::string_view name, std::string_view value) { return field(1, field(1, name) + field(2, value)); }

/// The field of a message at the end of a path.
std::string find(std::string_view message, std::initializer_list<std::uint32_t> path) {
  for (const std::uint32_t number : path) {
    ProtoReader reader(message);
    message = {};
    while (reader.next())
      if (reader.field() == number) message = reader.text();
    EXPECT_TRUE(reader.is_sound());
  }
  return std::string(message);
}

TEST(GrpcCheck, SendsTheAttributes) {
  const std::string text = Question(grpc_auth(), "b\xFF").text;
  const std::size_t end = text.find("\r\n\r\n");
  EXPECT_TRUE(text.starts_with("POST /envoy.service.auth.v3.Authorization/Check HTTP/1.1\r\nHost: auth.d.svc:80\r\n"));
  const std::string_view message = std::string_view(text).substr(end + 4 + 5);
  EXPECT_NE(text.find(fmt::format("Content-Length: {}\r\n", message.size() + 5)), std::string::npos);
  EXPECT_EQ(static_cast<std::uint8_t>(text[end + 4 + 4]), message.size() & 0xFFU);
  EXPECT_EQ(find(message, {1, 1, 1, 1, 2}), "192.0.2.1");
  EXPECT_EQ(find(message, {1, 4, 2, 2}), "POST");
  EXPECT_EQ(find(message, {1, 4, 2, 4}), "/a/b?c=1");
  EXPECT_EQ(find(message, {1, 4, 2, 5}), "a.test");
  EXPECT_EQ(find(message, {1, 4, 2, 6}), "https");
  EXPECT_EQ(find(message, {1, 4, 2, 10}), "HTTP/1.1");
  EXPECT_EQ(find(message, {1, 4, 2, 11}), "b!") << "as much of it as text can hold";
  EXPECT_EQ(find(message, {1, 4, 2, 12}), "b\xFF");
  EXPECT_EQ(find(message, {1, 4, 2, 3, 1}), "x-two") << "the last by name";
}

TEST(GrpcCheck, SendsOnlyTheNamedFields) {
  const Question question(grpc_auth({"X-One"}));
  EXPECT_NE(question.text.find("x-one"), std::string::npos);
  EXPECT_EQ(question.text.find("authorization"), std::string::npos);
}

TEST(GrpcCheck, AYesHasItsEdits) {
  const AuthVerdict verdict = read_check_response(
      field(1, field(1, std::uint64_t{0})) +
      field(3,
            field(2, option("X-User", "me")) + field(2, option("X-More", "1") + field(2, field(1, std::uint64_t{1}))) +
                field(2, option("Host", "evil")) + field(5, "Authorization") + field(6, option("Set-Cookie", "a=b"))));
  ASSERT_EQ(verdict.kind, Kind::Allowed);
  ASSERT_EQ(verdict.request.set.size(), 1U);
  EXPECT_EQ(verdict.request.set[0].value, "me");
  ASSERT_EQ(verdict.request.add.size(), 1U);
  EXPECT_EQ(verdict.request.add[0].name, "X-More");
  ASSERT_EQ(verdict.request.remove.size(), 1U);
  EXPECT_EQ(verdict.request.remove[0].name, "Authorization");
  ASSERT_EQ(verdict.response.add.size(), 1U) << "cookies of the backend stay";
  EXPECT_EQ(verdict.response.add[0].value, "a=b");
}

TEST(GrpcCheck, AnOptionIsAddedOrTakesThePlace) {
  const auto append = [](std::uint64_t value) { return field(2, field(1, value)); };
  const auto action = [](std::uint64_t value) { return field(3, value); };
  struct Row {
    std::string words;
    bool added_for_backend;
    bool added_for_client;
  };
  for (const Row& row :
       {Row{"", false, true}, Row{append(0), false, false}, Row{append(1), true, true}, Row{action(0), true, true},
        Row{action(2), false, false}, Row{append(0) + action(0), false, false}}) {
    const std::string line = option("X-A", "1") + row.words;
    const AuthVerdict verdict = read_check_response(field(1, "") + field(3, field(2, line) + field(6, line)));
    ASSERT_EQ(verdict.kind, Kind::Allowed);
    EXPECT_EQ(verdict.request.add.size(), row.added_for_backend ? 1U : 0U);
    EXPECT_EQ(verdict.request.set.size(), row.added_for_backend ? 0U : 1U);
    EXPECT_EQ(verdict.response.add.size(), row.added_for_client ? 1U : 0U);
    EXPECT_EQ(verdict.response.set.size(), row.added_for_client ? 0U : 1U);
  }
}

TEST(GrpcCheck, AnEditThatMakesNoLineIsNoYes) {
  for (const std::string& bad :
       {option("X-User", "bob\nX-Evil: 1"), option("X-User", std::string("b\0b", 3)), option("", "me"),
        option("X User", "me"), option("X-User", "me") + field(3, std::uint64_t{1}),  // ADD_IF_ABSENT
        option("X-User", "me") + field(3, std::uint64_t{3}),                          // OVERWRITE_IF_EXISTS
        option("X-User", "me") + field(3, std::uint64_t{256}), option("X-User", "me") + field(3, "2")})
    EXPECT_EQ(read_check_response(field(1, "") + field(3, field(2, bad))).kind, Kind::Failed) << bad;
}

TEST(GrpcCheck, AnotherMessageIsNoYes) {
  EXPECT_EQ(read_check_response(field(1, std::uint64_t{1})).kind, Kind::Failed) << "SERVING of a HealthCheckResponse";
  EXPECT_EQ(read_check_response(field(1, field(1, "x"))).kind, Kind::Failed);
}

TEST(GrpcCheck, ANoHasItsAnswer) {
  const std::string denied = field(1, field(1, std::uint64_t{401})) + field(2, option("WWW-Authenticate", "Basic")) +
                             field(2, option("Content-Length", "99")) + field(2, option("X-Evil", "a\r\nb: c")) +
                             field(3, "go away");
  const AuthVerdict verdict = read_check_response(field(1, field(1, std::uint64_t{16})) + field(2, denied));
  ASSERT_EQ(verdict.kind, Kind::Denied);
  EXPECT_EQ(verdict.status, 401);
  EXPECT_EQ(verdict.body, "go away");
  ASSERT_EQ(verdict.fields.size(), 1U);
  EXPECT_EQ(verdict.fields[0].name, "WWW-Authenticate");
  EXPECT_EQ(read_check_response(field(1, field(1, std::uint64_t{7}))).status, 403);
  EXPECT_EQ(read_check_response(field(1, "") + field(2, "")).kind, Kind::Denied) << "a denied answer is no yes";
  EXPECT_EQ(read_check_response(field(2, field(1, field(1, std::uint64_t{200})))).status, 403) << "nor is its 200";
}

TEST(GrpcCheck, WhatIsNoAnswerIsNoYes) {
  const std::string yes = field(1, "") + field(3, field(2, option("X-User", "me")));
  EXPECT_EQ(read_check_response(yes).kind, Kind::Allowed);
  EXPECT_EQ(read_check_response({}).kind, Kind::Failed);
  EXPECT_EQ(read_check_response(field(99, "x")).kind, Kind::Failed);
  for (std::size_t length = 0; length < yes.size(); ++length) {
    const AuthVerdict cut = read_check_response(std::string_view(yes).substr(0, length));
    EXPECT_TRUE(cut.kind == Kind::Failed || length == 2) << length;  // after the first field it is a message
  }
  for (const std::string& bad : {std::string("\x0B"), std::string("\x00\x00", 2), std::string(11, '\xFF'),
                                 field(1, "\x08"), field(2, field(2, field(1, "\x0A\x05x")))})
    EXPECT_EQ(read_check_response(bad).kind, Kind::Failed);
}

TEST(GrpcCheck, TheCallMustEndWell) {
  const route::ExternalAuth auth = grpc_auth();
  const std::string yes("\0\0\0\0\2\x0A\0", 7);
  const std::string ok = "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\nContent-Length: 0\r\n\r\n";
  EXPECT_EQ(judge(auth, ok + yes).kind, Kind::Allowed);
  EXPECT_EQ(judge(auth, "HTTP/1.1 200 OK\r\ngrpc-status: 14\r\nContent-Length: 0\r\n\r\n" + yes).kind, Kind::Failed);
  EXPECT_EQ(judge(auth, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + yes).kind, Kind::Failed);
  EXPECT_EQ(judge(auth, "HTTP/1.1 404 No\r\ngrpc-status: 0\r\nContent-Length: 0\r\n\r\n" + yes).kind, Kind::Failed);
  EXPECT_EQ(judge(auth, ok + yes + "x").kind, Kind::Failed);
  EXPECT_EQ(judge(auth, ok + "\1" + yes.substr(1)).kind, Kind::Failed) << "compressed";
  EXPECT_EQ(judge(auth, ok).kind, Kind::Failed);
}

}  // namespace
}  // namespace pintle::proxy
