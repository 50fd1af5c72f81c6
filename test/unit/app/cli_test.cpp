#include "src/app/cli.hpp"

#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Outcome {
  Parsed parsed;
  std::string out;
  std::string err;
};
Outcome parse(const std::vector<const char*>& words) {
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{.out = out, .err = err};
  Outcome outcome{.parsed = parse_command_line(words, terminal), .out = {}, .err = {}};
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

TEST(Cli, Serve) {
  const Outcome outcome = parse({"serve",
                                 "--config",
                                 "a",
                                 "--config",
                                 "b,c",
                                 "--port-offset",
                                 "8000",
                                 "--tls",
                                 "internal",
                                 "--backend",
                                 "ns/svc:80=[::1]:9000",
                                 "--address",
                                 "*",
                                 "--drain-delay",
                                 "1m2s3ms",
                                 "--admin",
                                 "off",
                                 "--access-log=/var/log/x",
                                 "--once-ready",
                                 "--trusted-hops",
                                 "2",
                                 "--balance",
                                 "least-in-flight"});
  ASSERT_FALSE(outcome.parsed.finished) << outcome.err;
  const ServeOptions& serve = outcome.parsed.options.serve;
  EXPECT_EQ(outcome.parsed.options.command, Command::Serve);
  EXPECT_THAT(serve.config_dirs, ElementsAre("a", "b", "c"));
  EXPECT_EQ(serve.port_offset, 8000);
  EXPECT_EQ(serve.balance, Balance::LeastInFlight);
  EXPECT_EQ(serve.tls, TlsMode::Internal);
  ASSERT_EQ(serve.backends.size(), 1U);
  EXPECT_EQ(serve.backends[0].service, "svc");
  EXPECT_EQ(to_string(serve.backends[0].address), "[::1]:9000");
  EXPECT_THAT(serve.addresses, ElementsAre("*"));
  EXPECT_EQ(serve.drain_delay, Millis(62'003));
  EXPECT_EQ(serve.admin, "off");
  EXPECT_EQ(serve.access_log, AccessLogTo::File);
  EXPECT_EQ(serve.access_log_file, "/var/log/x");
  EXPECT_EQ(serve.after_ready, AfterReady::Exit);
  EXPECT_EQ(serve.trusted_hops, 2);
}

TEST(Cli, ControllerFlagsReachTheirOptions) {
  const Outcome outcome = parse({"controller", "--namespaces",         "a,b",         "--leader-elect",
                                 "off",        "--gateway-mode",       "service",     "--service-type",
                                 "ClusterIP",  "--service-annotation", "x=1,2",       "--service-annotation",
                                 "y=3",        "--port-range",         "30000-30009", "--replicas-service",
                                 "ns/name",    "--external-ips",       "allow",       "--secret-namespaces",
                                 "a"});
  ASSERT_FALSE(outcome.parsed.finished) << outcome.err;
  const ControllerOptions& controller = outcome.parsed.options.controller;
  EXPECT_THAT(controller.namespaces, ElementsAre("a", "b"));
  EXPECT_THAT(controller.secret_namespaces, ElementsAre("a"));
  EXPECT_EQ(controller.election, Election::Off);
  EXPECT_EQ(controller.mode, resolve::GatewayMode::Service);
  EXPECT_EQ(controller.service.type, resolve::ServiceType::ClusterIP);
  EXPECT_THAT(controller.service.annotations, ElementsAre(testing::Pair("x", "1,2"), testing::Pair("y", "3")));
  EXPECT_EQ(controller.ports.last, 30'009);
  EXPECT_EQ(controller.replicas_service, "ns/name");
  EXPECT_EQ(controller.service.external_ips, resolve::ExternalIps::Allow);
  EXPECT_EQ(controller.health, "0.0.0.0:9802");
}

TEST(Cli, ServeDefaults) {
  const Outcome outcome = parse({"serve", "--config", "a"});
  EXPECT_EQ(outcome.parsed.options.serve.admin, "127.0.0.1:9801");
  EXPECT_EQ(outcome.parsed.options.serve.access_log, AccessLogTo::Stdout);
  EXPECT_EQ(outcome.parsed.options.serve.drain_max, Millis(30'000));
}

TEST(Cli, Explain) {
  const Outcome outcome = parse({"explain", "http://a/", "-X", "POST", "-H", "a: b", "-H", "c: d,e", "-o", "json"});
  ASSERT_FALSE(outcome.parsed.finished) << outcome.err;
  EXPECT_EQ(outcome.parsed.options.explain.url, "http://a/");
  EXPECT_EQ(outcome.parsed.options.explain.method, "POST");
  EXPECT_THAT(outcome.parsed.options.explain.headers, ElementsAre("a: b", "c: d,e"));
  EXPECT_EQ(outcome.parsed.options.explain.format, OutputFormat::Json);
}

TEST(Cli, WordsAfterAFlagsValueAreArguments) {
  const Outcome explain = parse({"explain", "-H", "a: b", "-H", "c: d", "--tls", "internal", "http://a/"});
  ASSERT_FALSE(explain.parsed.finished) << explain.err;
  EXPECT_EQ(explain.parsed.options.explain.url, "http://a/");
  EXPECT_THAT(explain.parsed.options.explain.headers, ElementsAre("a: b", "c: d"));
  const Outcome validate = parse({"validate", "--fail-on", "warning", "a.yaml", "b.yaml"});
  ASSERT_FALSE(validate.parsed.finished) << validate.err;
  EXPECT_THAT(validate.parsed.options.validate.paths, ElementsAre("a.yaml", "b.yaml"));
}

TEST(Cli, EveryFlagIsAVariable) {
  ASSERT_EQ(setenv("PINTLE_PORT_OFFSET", "7", 1), 0);
  ASSERT_EQ(setenv("PINTLE_CONFIG", "dir", 1), 0);
  const Outcome from_variable = parse({"serve"});
  const Outcome flag_wins = parse({"serve", "--port-offset", "8"});
  unsetenv("PINTLE_PORT_OFFSET");
  unsetenv("PINTLE_CONFIG");
  EXPECT_FALSE(from_variable.parsed.finished) << from_variable.err;
  EXPECT_EQ(from_variable.parsed.options.serve.port_offset, 7);
  EXPECT_THAT(from_variable.parsed.options.serve.config_dirs, ElementsAre("dir"));
  EXPECT_EQ(flag_wins.parsed.options.serve.port_offset, 8);
}

struct Wrong {
  std::vector<const char*> words;
  const char* message;
};
TEST(Cli, WrongWordsEndWithTwoAndTheWayOut) {
  const Wrong rows[] = {
      {{"serv"}, "unknown command 'serv'; did you mean 'serve'?"},
      {{"valdiate", "x"}, "did you mean 'validate'?"},
      {{"xyzzy"}, "unknown command 'xyzzy'"},
      {{"proxy"}, "unknown command 'proxy'"},
      {{"gateway"}, "unknown command 'gateway'"},
      {{"serve"}, "--config is needed"},
      {{"serve", "--confg", "x"}, "unknown flag '--confg'; did you mean '--config'?"},
      {{"serve", "--confg=x"}, "unknown flag '--confg'; did you mean '--config'?"},
      {{"serve", "--config", "x", "--admin", "nowhere"}, "--admin: 'nowhere'"},
      {{"serve", "--config", "x", "--port-offset", "70000"}, "--port-offset"},
      {{"serve", "--config", "x", "--backend", "svc=1"}, "--backend: 'svc=1' is not NAMESPACE/SERVICE:PORT=HOST:PORT"},
      {{"serve", "--config", "x", "--drain-delay", "5"}, "--drain-delay: '5' is no duration"},
      {{"serve", "--config", "x", "--address", "host.example"}, "neither an IP address nor '*'"},
      {{"serve", "--config", "x", "--tls", "on"}, "--tls: 'on' is none of internal, manifests"},
      {{"explain"}, "URL is needed"},
      {{"explain", "http://a/", "-H", "novalue"}, "--header: 'novalue' is no header"},
      {{"validate"}, "PATH is needed"},
      {{"status", "extra"}, "takes no further argument 'extra'"},
      {{"completion"}, "the shell is needed"},
      {{"completion", "tcsh"}, "no completion for 'tcsh'"},
      {{"help", "srve"}, "did you mean 'serve'?"},
  };
  for (const Wrong& row : rows) {
    const Outcome outcome = parse(row.words);
    EXPECT_TRUE(outcome.parsed.finished) << row.message;
    EXPECT_EQ(outcome.parsed.exit, Exit::Usage) << row.message;
    EXPECT_THAT(outcome.err, HasSubstr(row.message));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Cli, HelpCountsEvenWhereTheRestIsWrong) {
  for (const std::vector<const char*>& words : {std::vector<const char*>{"serve", "--help"},
                                                {"serve", "--admin", "x", "-h"},
                                                {"serve", "--nonsense", "--help"}}) {
    const Outcome outcome = parse(words);
    EXPECT_EQ(outcome.parsed.exit, Exit::Fine);
    EXPECT_THAT(outcome.out, HasSubstr("Usage: pintle serve --config DIR"));
  }
  const Outcome by_command = parse({"help", "serve"});
  EXPECT_EQ(by_command.parsed.options.command, Command::Help);
  EXPECT_EQ(by_command.parsed.options.topic, "serve");
}

}  // namespace
}  // namespace pintle::app
