// Documents that list names the program gives (metrics, fields of the access log, reasons of conditions) list all of
// them and no other. The names are read where the code spells them, so a new one without a line in its document fails
// here.
#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/api/document.hpp"
#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/proxy/proxy.hpp"
#include "test/unit/app/docs_text.hpp"

namespace pintle::app {
namespace {

using docs::find_all;
using docs::Names;
using docs::read;
using docs::section;

/// The part of conditions.hpp inside `namespace NAME`.
std::string scope(const std::string& text, const std::string& name) {
  const std::size_t from = text.find("\nnamespace " + name + " {");
  const std::size_t to = text.find("}  // namespace " + name, from);
  return from == std::string::npos || to == std::string::npos ? std::string() : text.substr(from, to - from);
}

TEST(DocsNames, EveryMetric) {
  Names wanted;
  for (const auto& file : std::filesystem::directory_iterator(std::string(PINTLE_SOURCE_DIR) + "/dataplane/observe")) {
    if (file.path().extension() != ".cpp") continue;
    const std::string text = read("dataplane/observe/" + file.path().filename().string());
    wanted.merge(find_all(text, R"re("([a-z_]+)",\s*"(counter|gauge|histogram)")re"));
    for (const std::string& name : find_all(text, R"re(gauge\("([a-z_]+)")re")) wanted.insert(name + " gauge");
  }
  EXPECT_GT(wanted.size(), 30U);
  EXPECT_EQ(find_all(read("docs/metrics.md"), R"re(\| `([a-z_]+)` \| (counter|gauge|histogram) \|)re"), wanted);
}

TEST(DocsNames, EveryFieldOfTheAccessLog) {
  const Names wanted = find_all(read("dataplane/observe/access_log.cpp"), R"re(R"\("([a-z._]+)":\)")re");
  EXPECT_GT(wanted.size(), 30U);
  Names found;
  for (const std::string& cell : find_all(read("docs/access-log.md"), R"re(\n\| ((?:`[a-z._]+`(?:, )?)+) \|)re"))
    found.merge(find_all(cell, "`([a-z._]+)`"));
  EXPECT_EQ(found, wanted);
}

/// "Type Status Reason" of each constructor of conditions.hpp in `namespace NAME`.
Names conditions_of(const std::string& name) {
  Names conditions;
  const std::string code = scope(read("controller/status/conditions.hpp"), name);
  const std::pair<const char*, const char*> statuses[] = {{"true", "True"}, {"false", "False"}, {"unknown", "Unknown"}};
  for (const auto& [word, status] : statuses)
    for (const std::string& row :
         find_all(code, std::string("is_") + word + R"re(\(type::([A-Za-z]+),\s*"([A-Za-z]+)")re")) {
      const std::size_t space = row.find(' ');
      conditions.insert(row.substr(0, space) + " " + status + row.substr(space));
    }
  if (name == "parent") {
    // dropped_rules() makes these of what would be Accepted=False.
    conditions.insert("PartiallyInvalid True UnsupportedValue");
    conditions.insert("PartiallyInvalid True IncompatibleFilters");
  }
  return conditions;
}

class DocsStatuses : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(DocsStatuses, EveryReason) {
  const auto& [name, heading] = GetParam();
  const Names wanted = conditions_of(name);
  EXPECT_GT(wanted.size(), 2U);
  EXPECT_EQ(find_all(section(read("docs/statuses.md"), heading),
                     R"re(\n\| ([A-Za-z]+) \| (True|False|Unknown) \| ([A-Za-z]+) \|)re"),
            wanted);
}

/// Whose conditions follow a line of the statuses of a golden output, in the words of conditions.hpp.
std::string whose(const std::string& line, const std::string& before) {
  if (line == "    listeners:") return "listener";
  if (!line.starts_with("  ") || line.starts_with("   ")) return before;
  const std::string kind = line.substr(2, line.find(' ', 2) - 2);
  if (kind.ends_with("Route")) return "parent";
  if (kind == "GatewayClass") return "gateway_class";
  if (kind == "ListenerSet") return "listener_set";
  return kind == "Gateway" ? "gateway" : "policy";
}

/// "Type Status Reason" of all golden outputs, by the namespaces of conditions.hpp.
std::map<std::string, Names> golden_conditions() {
  std::map<std::string, std::string> lines;
  for (const auto& file : std::filesystem::directory_iterator(docs::in_tree("test/golden"))) {
    if (!file.path().string().ends_with(".out.yaml")) continue;
    const std::string text = read("test/golden/" + file.path().filename().string());
    std::istringstream statuses(text.substr(text.find("\nstatuses:\n") + 1));
    std::string name;
    for (std::string line; std::getline(statuses, line); lines[name] += line + '\n') name = whose(line, name);
  }
  std::map<std::string, Names> conditions;
  for (const auto& [name, text] : lines)
    conditions[name] = find_all(text, R"re( ([A-Za-z]+): "(True|False|Unknown) ([A-Za-z]+): )re");
  return conditions;
}

/// What no golden case can give, and which test has it instead.
const Names not_in_golden{
    // Every worker answers at once: FinishGateway.UntilEveryWorkerServesItIsPendingAndKeepsItsAddresses
    "gateway Programmed False Pending",
    // No case has a hundred ports: ListenerSets.OfMoreThanAHundredPortsTheRestIsRefused
    "listener Accepted False TooManyListeners",
};

TEST_P(DocsStatuses, EveryReasonStandsInAGoldenOutput) {
  static const std::map<std::string, Names> golden = golden_conditions();
  const std::string name = GetParam().first;
  ASSERT_TRUE(golden.contains(name));
  for (const std::string& condition : conditions_of(name))
    EXPECT_NE(golden.at(name).contains(condition), not_in_golden.contains(name + " " + condition))
        << name << ": " << condition << " must stand in an output of test/golden, or in the list above with the reason";
}

INSTANTIATE_TEST_SUITE_P(Kinds, DocsStatuses,
                         testing::Values(std::pair{"gateway_class", "GatewayClass"}, std::pair{"gateway", "Gateway\n"},
                                         std::pair{"policy", "BackendTLSPolicy"}, std::pair{"listener", "Listener"},
                                         std::pair{"parent", "Routes"}, std::pair{"listener_set", "ListenerSet"}),
                         [](const auto& info) { return std::string(info.param.first); });

/// The value that docs/limits.md gives for a limit: the second cell of its row.
std::string limit(const std::string& name) {
  const std::string text = read("docs/limits.md");
  const std::size_t from = text.find("\n| " + name + " | ");
  if (from == std::string::npos) return "no row";
  const std::size_t value = from + name.size() + 6;
  return text.substr(value, text.find(" |", value) - value);
}
std::string kib(std::uint64_t bytes) { return fmt::format("{} KiB", bytes / 1024); }
std::string secs(Millis time) { return fmt::format("{} s", time.count() / 1000); }

TEST(DocsLimits, OfHeadsAndBodies) {
  const http1::HeadLimits head;
  EXPECT_EQ(limit("request line"), kib(head.start_line));
  EXPECT_EQ(limit("one field line"), kib(head.field));
  EXPECT_EQ(limit("whole head"), kib(head.head));
  EXPECT_EQ(limit("fields"), fmt::format("{}", http::max_request_fields));
  EXPECT_EQ(limit("method"), fmt::format("{} bytes", http::max_method_length));
  EXPECT_EQ(limit("head of the answer"),
            fmt::format("{}, {} fields", kib(http1::response_limits.head), http::max_response_fields));
  const http1::ChunkLimits chunks;
  EXPECT_EQ(limit("chunk line with extensions"), kib(chunks.line));
  EXPECT_EQ(limit("trailers"), fmt::format("{} fields, {}", chunks.trailer_fields, kib(chunks.trailers)));
}

TEST(DocsLimits, OfTime) {
  const proxy::Timeouts timeouts;
  EXPECT_EQ(limit("TLS handshake"), secs(timeouts.tls_handshake));
  EXPECT_TRUE(limit("head complete").starts_with(secs(timeouts.head) + " "));
  EXPECT_EQ(limit("silent client"), secs(timeouts.body_silence));
  EXPECT_EQ(limit("idle between requests"), secs(timeouts.idle));
  EXPECT_EQ(limit("client takes nothing of what waits"), secs(timeouts.write_stall));
  EXPECT_EQ(limit("backend takes nothing of it"), secs(timeouts.write_stall));
  EXPECT_EQ(limit("wait for the backend's word after `Expect: 100-continue`"), secs(timeouts.continue_wait));
  EXPECT_EQ(timeouts.tunnel_idle, std::chrono::hours(1));
}

TEST(DocsLimits, OfBackendsAndManifests) {
  const upstream::Settings settings;
  EXPECT_EQ(limit("connect"), secs(settings.connect_timeout));
  EXPECT_EQ(limit("idle pooled connection"), secs(settings.idle_timeout));
  EXPECT_EQ(limit("a failed endpoint is left out"),
            fmt::format("{} ms, doubling to {}", settings.eject_first.count(), secs(settings.eject_most)));
  EXPECT_EQ(settings.max_idle_per_endpoint, 1024U);
  const api::ReadLimits manifests;
  EXPECT_EQ(limit("size of a file"), fmt::format("{} MiB", manifests.bytes >> 20U));
  EXPECT_EQ(limit("nesting"), fmt::format("{} levels", manifests.depth));
}

}  // namespace
}  // namespace pintle::app
