// Documents that list names the program gives (metrics, fields of the access log, reasons of conditions) list all of
// them and no other. The names are read where the code spells them, so a new one without a line in its document fails
// here.
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/api/document.hpp"
#include "dataplane/http1/chunked.hpp"
#include "dataplane/http1/head_parser.hpp"
#include "dataplane/proxy/proxy.hpp"

namespace pintle::app {
namespace {

using Names = std::set<std::string>;

std::string read(const std::string& name) {
  std::ifstream in(std::string(PINTLE_SOURCE_DIR) + "/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// What the groups of each match say, joined by a space.
Names find_all(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Names names;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    std::string name;
    for (std::size_t group = 1; group < at->size(); ++group) name += (group == 1 ? "" : " ") + (*at)[group].str();
    names.insert(name);
  }
  return names;
}

/// The rows of tables in the section that begins with `heading`.
std::string section(const std::string& text, const std::string& heading) {
  const std::size_t from = text.find("\n## " + heading);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find("\n## ", from + 1) - from);
}

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

class DocsStatuses : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(DocsStatuses, EveryReason) {
  const auto& [name, heading] = GetParam();
  Names wanted;
  const std::string code = scope(read("controller/status/conditions.hpp"), name);
  const std::pair<const char*, const char*> statuses[] = {{"true", "True"}, {"false", "False"}, {"unknown", "Unknown"}};
  for (const auto& [word, status] : statuses)
    for (const std::string& row :
         find_all(code, std::string("is_") + word + R"re(\(type::([A-Za-z]+),\s*"([A-Za-z]+)")re")) {
      const std::size_t space = row.find(' ');
      wanted.insert(row.substr(0, space) + " " + status + row.substr(space));
    }
  if (std::string(name) == "parent") {
    // dropped_rules() makes these of what would be Accepted=False.
    wanted.insert("PartiallyInvalid True UnsupportedValue");
    wanted.insert("PartiallyInvalid True IncompatibleFilters");
  }
  EXPECT_GT(wanted.size(), 5U);
  EXPECT_EQ(find_all(section(read("docs/statuses.md"), heading),
                     R"re(\n\| ([A-Za-z]+) \| (True|False|Unknown) \| ([A-Za-z]+) \|)re"),
            wanted);
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
