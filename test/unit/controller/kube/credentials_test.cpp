#include "controller/kube/credentials.hpp"

#include <optional>
#include <sys/stat.h>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/kube/base64.hpp"
#include "controller/kube/command.hpp"
#include "controller/kube/exec_credentials.hpp"
#include "test/unit/controller/kube/loop.hpp"
#include "test/unit/support/manual_clock.hpp"

namespace pintle::kube {
namespace {

using namespace std::chrono_literals;
using testing::EventLoop;
using testing::ManualClock;
using testing::TempFolder;

/// The token, or "error: ..." of the next answer.
[[nodiscard]] std::string token_of(Credentials& credentials, EventLoop& loop) {
  std::optional<std::string> out;
  credentials.get([&](const Result<std::shared_ptr<const Identity>>& identity) {
    out = identity ? std::string((*identity)->token.reveal()) : "error: " + identity.error().context;
  });
  EXPECT_TRUE(loop.until([&] { return out.has_value(); }));
  return out.value_or("nothing");
}

TEST(Base64, IsThatOfTheRfc) {
  const std::vector<std::pair<const char*, const char*>> rows{{"", ""},
                                                              {"f", "Zg=="},
                                                              {"fo", "Zm8="},
                                                              {"foo", "Zm9v"},
                                                              {"foob", "Zm9vYg=="},
                                                              {"fooba", "Zm9vYmE="},
                                                              {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : rows) EXPECT_EQ(encode_base64(plain), encoded);
  EXPECT_EQ(encode_base64("\xff\xfe\xfd"), "//79");
}

TEST(TokenFile, IsReadAgainEveryTenSeconds) {
  EventLoop loop;
  ManualClock clock;
  const TempFolder folder;
  User user;
  user.token_file = folder.write("token", "one\n");
  const auto credentials = make_credentials(loop.io, clock, std::move(user), {});
  EXPECT_EQ(token_of(*credentials, loop), "one");
  folder.write("token", "two");
  clock.advance(9s);
  EXPECT_EQ(token_of(*credentials, loop), "one");
  clock.advance(1s);
  EXPECT_EQ(token_of(*credentials, loop), "two");
}

TEST(TokenFile, IsReadAtOnceAfterARefusal) {
  EventLoop loop;
  ManualClock clock;
  const TempFolder folder;
  User user;
  user.token_file = folder.write("token", "one");
  const auto credentials = make_credentials(loop.io, clock, std::move(user), {});
  EXPECT_EQ(token_of(*credentials, loop), "one");
  folder.write("token", "two");
  credentials->refused();
  EXPECT_EQ(token_of(*credentials, loop), "two");
}

TEST(TokenFile, ThatIsGoneForAMomentLeavesTheTokenInUse) {
  EventLoop loop;
  ManualClock clock;
  const TempFolder folder;
  User user;
  user.token_file = folder.path() + "/token";
  const auto credentials = make_credentials(loop.io, clock, std::move(user), {});
  EXPECT_TRUE(token_of(*credentials, loop).starts_with("error: " + folder.path() + "/token cannot be read"));
  folder.write("token", "one");
  clock.advance(10s);
  EXPECT_EQ(token_of(*credentials, loop), "one");
  std::filesystem::remove(folder.path() + "/token");
  clock.advance(10s);
  EXPECT_EQ(token_of(*credentials, loop), "one");
  folder.write("token", " \n");
  clock.advance(10s);
  EXPECT_EQ(token_of(*credentials, loop), "one");
}

/// An exec plugin that counts its runs in a file and prints what `prints` says, $n being the count.
struct Plugin {
  explicit Plugin(const std::string& prints) {
    const std::string path = folder.write("login", fmt::format("#!/bin/sh\n"
                                                               "n=$(($(cat '{0}/count' 2>/dev/null || echo 0) + 1))\n"
                                                               "echo $n > '{0}/count'\n"
                                                               "echo \"$KUBERNETES_EXEC_INFO\" > '{0}/info'\n{1}\n",
                                                               folder.path(), prints));
    ::chmod(path.c_str(), 0700);
    plugin.api_version = "client.authentication.k8s.io/v1";
    plugin.command = path;
    plugin.place = "config:7:3";
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream in(folder.path() + "/" + name);
    std::string out;
    std::getline(in, out);
    return out;
  }
  TempFolder folder;
  ExecPlugin plugin;
};
[[nodiscard]] std::string prints_token(const std::string& more = {}) {
  return "printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":"
         "{\"token\":\"t%s\"" +
         more + "}}' $n";
}

TEST(ExecPlugin, IsRunOnceForAllThatWait) {
  EventLoop loop;
  Plugin login(prints_token());
  const auto credentials = make_exec_credentials(loop.io, login.plugin, {});
  int answers = 0;
  for (int i = 0; i < 3; ++i)
    credentials->get([&](const Result<std::shared_ptr<const Identity>>& identity) {
      ASSERT_TRUE(identity) << identity.error().context;
      EXPECT_EQ((*identity)->token.reveal(), "t1");
      ++answers;
    });
  EXPECT_EQ(answers, 0) << "it does not hold up the thread";
  EXPECT_TRUE(loop.until([&] { return answers == 3; }));
  EXPECT_EQ(token_of(*credentials, loop), "t1");
  EXPECT_EQ(login.text("count"), "1");
  credentials->refused();
  EXPECT_EQ(token_of(*credentials, loop), "t2");
}

TEST(ExecPlugin, IsAskedAgainWhenItsCredentialsExpire) {
  EventLoop loop;
  Plugin login(prints_token(R"(,"expirationTimestamp":"2020-01-01T00:00:00Z")"));
  const auto credentials = make_exec_credentials(loop.io, login.plugin, {});
  EXPECT_EQ(token_of(*credentials, loop), "t1");
  EXPECT_EQ(token_of(*credentials, loop), "t2");
  Plugin lasting(prints_token(R"(,"expirationTimestamp":"2999-01-01T00:00:00Z")"));
  const auto kept = make_exec_credentials(loop.io, lasting.plugin, {});
  EXPECT_EQ(token_of(*kept, loop), "t1");
  EXPECT_EQ(token_of(*kept, loop), "t1");
}

TEST(ExecPlugin, LearnsOfTheClusterIfItAsks) {
  EventLoop loop;
  Plugin login(prints_token());
  Server server;
  server.url = "https://10.0.0.1:6443";
  server.authorities.bytes = Secret(std::string("PEM"));
  EXPECT_EQ(token_of(*make_exec_credentials(loop.io, login.plugin, server), loop), "t1");
  EXPECT_EQ(login.text("info"), R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                                R"("spec":{"interactive":false}})");
  login.plugin.provide_cluster_info = true;
  EXPECT_EQ(token_of(*make_exec_credentials(loop.io, login.plugin, server), loop), "t2");
  EXPECT_EQ(login.text("info"), R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",)"
                                R"("spec":{"cluster":{"certificate-authority-data":"UEVN",)"
                                R"("server":"https://10.0.0.1:6443"},"interactive":false}})");
}

TEST(ExecPlugin, ThatFailsSaysWhyAndNoSecret) {
  EventLoop loop;
  Plugin fails("echo secret; echo 'no such account' >&2; exit 3");
  const std::string why = token_of(*make_exec_credentials(loop.io, fails.plugin, {}), loop);
  EXPECT_NE(why.find("config:7:3: the exec plugin"), std::string::npos) << why;
  EXPECT_NE(why.find("ended with 3: no such account"), std::string::npos) << why;
  EXPECT_EQ(why.find("secret"), std::string::npos) << why;
  Plugin gone("");
  gone.plugin.command = "/nowhere/login";
  gone.plugin.install_hint = "install it from example.com";
  const std::string missing = token_of(*make_exec_credentials(loop.io, gone.plugin, {}), loop);
  EXPECT_NE(missing.find("No such file"), std::string::npos) << missing;
  EXPECT_NE(missing.find("install it from example.com"), std::string::npos) << missing;
}

TEST(ExecPlugin, WhatItPrintsIsChecked) {
  const std::string v1 = "client.authentication.k8s.io/v1";
  const auto says = [&](const std::string& printed) {
    const auto read = read_exec_credential(printed, v1);
    return read ? std::string("fine") : read.error().context;
  };
  const auto credential = [&](const std::string& status) {
    return fmt::format(R"({{"kind":"ExecCredential","apiVersion":"{}","status":{}}})", v1, status);
  };
  EXPECT_EQ(says(credential(R"({"token":"t"})")), "fine");
  EXPECT_EQ(says(credential(R"({"clientCertificateData":"c","clientKeyData":"k"})")), "fine");
  for (const std::string& printed :
       {std::string("hello"), std::string("{}"), credential("{}"), credential("null"), credential(R"({"token":7})"),
        credential(R"({"clientKeyData":"k"})"), credential(R"({"token":"t","expirationTimestamp":"soon"})"),
        std::string(R"({"kind":"ExecCredential","apiVersion":"v2","status":{"token":"t"}})")})
    EXPECT_NE(says(printed), "fine") << printed;
}

TEST(Command, IsEndedWhenItsTimeIsOver) {
  EventLoop loop;
  std::optional<Result<CommandResult>> result;
  const auto running = run_command(loop.io, {.words = {"sleep", "100"}, .environment = {}, .timeout = 20ms},
                                   [&](Result<CommandResult> given) { result = std::move(given); });
  ASSERT_TRUE(loop.until([&] { return result.has_value(); }));
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code, ErrorCode::Timeout);
}

TEST(Command, EndsWithItsOwner) {
  EventLoop loop;
  auto running = run_command(loop.io, {.words = {"sleep", "100"}, .environment = {}},
                             [](const Result<CommandResult>&) { FAIL() << "nobody waits for it"; });
  running.reset();
  loop.poll();
}

TEST(Command, LosesNothingOfALongOutput) {
  EventLoop loop;
  std::optional<Result<CommandResult>> result;
  const auto running =
      run_command(loop.io,
                  {.words = {"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; printf end; echo no >&2; exit 4"},
                   .environment = {}},
                  [&](Result<CommandResult> given) { result = std::move(given); });
  ASSERT_TRUE(loop.until([&] { return result.has_value(); }));
  ASSERT_TRUE(*result);
  EXPECT_EQ((*result)->exit_code, 4);
  EXPECT_EQ((*result)->output.reveal().size(), 300'003U);
  EXPECT_TRUE((*result)->output.reveal().ends_with("end"));
  EXPECT_EQ((*result)->errors, "no\n");
}

TEST(Command, MayNotPrintWithoutLimit) {
  EventLoop loop;
  std::optional<Result<CommandResult>> result;
  const auto running = run_command(loop.io, {.words = {"cat", "/dev/zero"}, .environment = {}},
                                   [&](Result<CommandResult> given) { result = std::move(given); });
  ASSERT_TRUE(loop.until([&] { return result.has_value(); }));
  ASSERT_FALSE(*result);
  EXPECT_EQ(result->error().code, ErrorCode::TooLarge);
}

TEST(Command, InheritsNoDescriptor) {
  EventLoop loop;
  std::optional<Result<CommandResult>> result;
  const auto running = run_command(loop.io, {.words = {"sh", "-c", "echo /proc/self/fd/*"}, .environment = {}},
                                   [&](Result<CommandResult> given) { result = std::move(given); });
  ASSERT_TRUE(loop.until([&] { return result.has_value(); }));
  ASSERT_TRUE(*result);
  // the fourth is the shell's own, of the folder it lists
  EXPECT_EQ((*result)->output.reveal(), "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n");
}

}  // namespace
}  // namespace pintle::kube
