#include "controller/kube/client.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <pintle/base/version.hpp>

#include "test/fake/api_server.hpp"
#include "test/unit/controller/kube/loop.hpp"

namespace pintle::kube {
namespace {

using namespace std::chrono_literals;
using fake::ApiServer;
using fake::Reply;
using fake::SeenRequest;
using testing::EventLoop;
using testing::TempFolder;

[[nodiscard]] Connection to(const std::string& url, const std::string& token = {}) {
  Connection out;
  out.server.url = url;
  out.user.token = Secret(std::string(token));
  return out;
}
[[nodiscard]] Request get(const std::string& path, const std::string& query = {}) {
  return {.path = path, .query = query, .body = {}};
}

struct Fixture : EventLoop {
  std::unique_ptr<Client> client(Connection connection, ClientLimits limits = {}) {
    auto made = Client::make(io, *clock, std::move(connection), limits);
    EXPECT_TRUE(made);
    return std::move(*made);
  }
  Result<Response> ask(Client& from, Request request) {
    std::optional<Result<Response>> answer;
    const Call call = from.send(std::move(request), [&](Result<Response> given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "reported from inside send()";
    EXPECT_TRUE(until([&] { return answer.has_value(); }));
    return answer ? std::move(*answer) : make_error(ErrorCode::Internal, "no report");
  }
  std::unique_ptr<Clock> clock = make_clock(io);
};

TEST(Client, SendsWhatIsAsked) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest&) { return fake::reply(201, R"({"a":1})"); });
  const auto client = loop.client(to(server.url() + "/prefix", "abc"));
  Request request = get("/api/v1/x", "limit=500");
  request.method = Method::Patch;
  request.body = "{}";
  request.content_type = merge_patch_type;
  const auto answer = loop.ask(*client, request);
  ASSERT_TRUE(answer) << answer.error().context;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, R"({"a":1})");
  ASSERT_EQ(server.seen().size(), 1U);
  const SeenRequest& seen = server.seen().front();
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/prefix/api/v1/x?limit=500");
  EXPECT_EQ(seen.body, "{}");
  EXPECT_EQ(seen.fields.at("content-type"), "application/merge-patch+json");
  EXPECT_EQ(seen.fields.at("authorization"), "Bearer abc");
  EXPECT_EQ(seen.fields.at("user-agent"), fmt::format("pintle/{}", version()));
  EXPECT_EQ(seen.fields.at("accept"), "application/json");
  EXPECT_EQ(seen.fields.at("accept-encoding"), "gzip");
  EXPECT_FALSE(seen.fields.contains("expect"));
}

TEST(Client, KeepsItsConnection) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest&) { return fake::reply(200, "{}"); });
  const auto client = loop.client(to(server.url()));
  for (const Method method : {Method::Get, Method::Post, Method::Put, Method::Delete}) {
    Request request = get("/x");
    request.method = method;
    if (method == Method::Post || method == Method::Put) request.body = "{}";
    EXPECT_TRUE(loop.ask(*client, request));
  }
  std::vector<std::string> methods;
  for (const SeenRequest& seen : server.seen()) methods.push_back(seen.method);
  EXPECT_EQ(methods, (std::vector<std::string>{"GET", "POST", "PUT", "DELETE"}));
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Client, GivesEveryStatusAndItsRetryAfter) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest& seen) {
    if (seen.target == "/busy") return fake::reply(429, "{}", "Retry-After: 7\r\n");
    if (seen.target == "/moved") return fake::reply(302, "{}", "Location: /elsewhere\r\n");
    return fake::reply(500, "broken");
  });
  const auto client = loop.client(to(server.url()));
  const auto busy = loop.ask(*client, get("/busy"));
  EXPECT_EQ(busy->status, 429);
  EXPECT_EQ(busy->retry_after, 7s);
  EXPECT_EQ(loop.ask(*client, get("/moved"))->status, 302);
  EXPECT_EQ(server.seen().size(), 2U) << "redirects are not followed";
  EXPECT_EQ(loop.ask(*client, get("/x"))->body, "broken");
}

TEST(Client, Decompresses) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest&) {
    return fake::reply(200, fake::gzip_of_hello(), "Content-Encoding: gzip\r\n");
  });
  EXPECT_EQ(loop.ask(*loop.client(to(server.url())), get("/x"))->body, "hello");
}

TEST(Client, UsesNoProxyOfTheEnvironment) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("https_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest&) { return fake::reply(200, "{}"); });
  EXPECT_TRUE(loop.ask(*loop.client(to(server.url())), get("/x")));
  ::unsetenv("http_proxy");
  ::unsetenv("https_proxy");
  ::unsetenv("ALL_PROXY");
}

TEST(Client, SaysWhatBrokeWithoutTheToken) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest& seen) {
    if (seen.target == "/cut") return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", Reply::Then::Close};
    if (seen.target == "/silent") return Reply{"", Reply::Then::Hold};
    if (seen.target == "/large") return fake::reply(200, std::string(2000, 'x'));
    return Reply{"", Reply::Then::Reset};
  });
  const auto client = loop.client(to(server.url(), "canary"), {.body = 1000});
  const std::vector<std::pair<const char*, ErrorCode>> rows{{"/cut", ErrorCode::Reset},
                                                            {"/silent", ErrorCode::Timeout},
                                                            {"/large", ErrorCode::TooLarge},
                                                            {"/reset", ErrorCode::Reset}};
  for (const auto& [path, code] : rows) {
    Request request = get(path);
    if (code == ErrorCode::Timeout) request.timeout = 50ms;
    const auto answer = loop.ask(*client, request);
    ASSERT_FALSE(answer) << path;
    EXPECT_EQ(answer.error().code, code) << path << " " << answer.error().context;
    EXPECT_NE(answer.error().context.find(path), std::string::npos) << answer.error().context;
    EXPECT_EQ(answer.error().context.find("canary"), std::string::npos);
  }
  server.stop();
  EXPECT_EQ(loop.ask(*client, get("/x")).error().code, ErrorCode::ConnectFailed);
}

TEST(Client, ACallLetGoOfReportsNothing) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest& seen) {
    return seen.target == "/slow" ? Reply{"", Reply::Then::Hold} : fake::reply(200, "{}");
  });
  const auto client = loop.client(to(server.url()));
  auto reported = [](const Result<Response>&) { ADD_FAILURE() << "reported"; };
  {
    const Call at_once = client->send(get("/never"), reported);
  }
  Call slow = client->send(get("/slow"), reported);
  ASSERT_TRUE(loop.until([&] { return server.seen().size() == 1; }));
  slow.cancel();
  EXPECT_TRUE(loop.ask(*client, get("/x")));
}

TEST(Client, CallsMayOutliveIt) {
  Fixture loop;
  ApiServer server(loop.io, [](const SeenRequest&) { return Reply{"", Reply::Then::Hold}; });
  auto client = loop.client(to(server.url()));
  const Call call = client->send(get("/x"), [](const Result<Response>&) {});
  ASSERT_TRUE(loop.until([&] { return server.seen().size() == 1; }));
  client.reset();
  loop.poll();
}

TEST(Client, A401MakesTheTokenBeReadAgain) {
  Fixture loop;
  const TempFolder folder;
  ApiServer server(loop.io, [](const SeenRequest& seen) {
    return fake::reply(seen.fields.at("authorization") == "Bearer new" ? 200 : 401, "{}");
  });
  Connection connection = to(server.url());
  connection.user.token_file = folder.write("token", "old");
  const auto client = loop.client(std::move(connection));
  EXPECT_EQ(loop.ask(*client, get("/x"))->status, 401);
  folder.write("token", "new");
  EXPECT_EQ(loop.ask(*client, get("/x"))->status, 200) << "long before the file would be looked at again";
}

TEST(Client, CredentialsThatCannotBeHadAreAnError) {
  Fixture loop;
  Connection connection = to("http://127.0.0.1:1");
  connection.user.token_file = "/nowhere/token";
  const auto answer = loop.ask(*loop.client(std::move(connection)), get("/x"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().context.find("/nowhere/token"), std::string::npos);
}

// ---- TLS -----------------------------------------------------------------------------------------------------------

struct Tls {
  fake::Authority authority{"pintle test authority"};
  fake::ServerTls server{.identity = authority.sign("server", "IP:127.0.0.1,DNS:kubernetes.test"),
                         .client_authority = {}};
  [[nodiscard]] Connection connect(const ApiServer& to_server) const {
    Connection out = to(to_server.url());
    out.server.authorities.bytes = Secret(std::string(authority.certificate()));
    return out;
  }
};
[[nodiscard]] Reply fine(const SeenRequest& /*seen*/) { return fake::reply(200, "{}"); }

TEST(ClientTls, VerifiesTheServer) {
  Fixture loop;
  const Tls tls;
  ApiServer server(loop.io, fine, &tls.server);
  const auto answer = loop.ask(*loop.client(tls.connect(server)), get("/x"));
  EXPECT_TRUE(answer) << answer.error().context;
}

TEST(ClientTls, TakesTheAuthorityFromAFileToo) {
  Fixture loop;
  const Tls tls;
  const TempFolder folder;
  ApiServer server(loop.io, fine, &tls.server);
  Connection connection = to(server.url());
  connection.server.authorities.path = folder.write("ca.crt", tls.authority.certificate());
  EXPECT_TRUE(loop.ask(*loop.client(std::move(connection)), get("/x")));
}

TEST(ClientTls, RefusesStrangers) {
  Fixture loop;
  const Tls tls;
  ApiServer server(loop.io, fine, &tls.server);
  const fake::Authority other("another");
  Connection connection = to(server.url(), "canary");
  connection.server.authorities.bytes = Secret(std::string(other.certificate()));
  const auto answer = loop.ask(*loop.client(std::move(connection)), get("/x"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::TlsFailed) << answer.error().context;
  EXPECT_EQ(loop.ask(*loop.client(to(server.url())), get("/x")).error().code, ErrorCode::TlsFailed)
      << "nor is it one of the system's";
  EXPECT_TRUE(server.seen().empty());
}

TEST(ClientTls, RefusesAnotherName) {
  Fixture loop;
  Tls tls;
  tls.server.identity = tls.authority.sign("server", "DNS:elsewhere.test");
  ApiServer server(loop.io, fine, &tls.server);
  EXPECT_EQ(loop.ask(*loop.client(tls.connect(server)), get("/x")).error().code, ErrorCode::TlsFailed);
}

TEST(ClientTls, CanBeToldAnotherName) {
  Fixture loop;
  Tls tls;
  tls.server.identity = tls.authority.sign("server", "DNS:kubernetes.test");
  ApiServer server(loop.io, fine, &tls.server);
  Connection connection = tls.connect(server);
  connection.server.tls_server_name = "kubernetes.test";
  const auto answer = loop.ask(*loop.client(std::move(connection)), get("/x"));
  ASSERT_TRUE(answer) << answer.error().context;
  EXPECT_EQ(server.seen().at(0).server_name, "kubernetes.test");
  EXPECT_EQ(server.seen().at(0).fields.at("host"), fmt::format("127.0.0.1:{}", server.port()));
}

TEST(ClientTls, TrustsAnyoneOnlyWhenTold) {
  Fixture loop;
  const Tls tls;
  ApiServer server(loop.io, fine, &tls.server);
  Connection connection = to(server.url());
  connection.server.trust = Trust::Anyone;
  EXPECT_TRUE(loop.ask(*loop.client(std::move(connection)), get("/x")));
}

TEST(ClientTls, ShowsItsCertificate) {
  Fixture loop;
  Tls tls;
  tls.server.client_authority = tls.authority.certificate();
  ApiServer server(loop.io, fine, &tls.server);
  const fake::SignedPem me = tls.authority.sign("pintle-controller");
  Connection connection = tls.connect(server);
  connection.user.certificate.bytes = Secret(std::string(me.certificate));
  connection.user.key.bytes = Secret(std::string(me.key));
  const auto answer = loop.ask(*loop.client(std::move(connection)), get("/x"));
  ASSERT_TRUE(answer) << answer.error().context;
  EXPECT_EQ(server.seen().at(0).client, "pintle-controller");
  EXPECT_FALSE(loop.ask(*loop.client(tls.connect(server)), get("/x"))) << "without one it is not served";
}

}  // namespace
}  // namespace pintle::kube
