// The pure pipeline, from manifests to table and statuses: <case>.in.yaml to <case>.out.yaml. Every case also runs with
// its documents shuffled (same output) and with its own statuses fed back (no patches).
// PINTLE_UPDATE_GOLDEN=1 records the outputs anew: then read the difference, line by line.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "controller/compile/compile.hpp"
#include "controller/compile/dump.hpp"
#include "controller/compile/yaml_text.hpp"
#include "controller/resolve/resolve.hpp"
#include "controller/status/finish.hpp"
#include "test/golden/case_file.hpp"
#include "test/golden/status_yaml.hpp"

namespace pintle::golden {
namespace {

using Json = nlohmann::ordered_json;

constexpr Wall later = time_of_run + std::chrono::hours(1);

/// Everything that is not busy is bound, everybody serves.
runtime::ApplyReport apply(const runtime::Compiled& compiled, const std::set<std::string>& busy) {
  runtime::ApplyReport report;
  report.generation = compiled.generation;
  report.workers = report.acknowledged = 2;
  for (const runtime::PlannedSocket& socket : compiled.plan->sockets) {
    runtime::SocketResult result{.socket = socket.id, .address = socket.address, .error = std::nullopt};
    if (busy.contains(runtime::to_string(socket.address)))
      result.error =
          Error{.code = ErrorCode::AddressInUse,
                .context = fmt::format("{} is in use by another process", runtime::to_string(socket.address))};
    report.sockets.push_back(std::move(result));
  }
  return report;
}

struct Outcome {
  std::vector<std::string> findings;
  std::string text;                            ///< what the .out.yaml holds
  std::vector<status::StatusPatch> again;      ///< patches when its own statuses are fed back
  std::vector<status::StatusPatch> once_more;  ///< and when the whole pipeline runs a second time on the same memo
};

store::ClusterSnapshot freeze(std::vector<api::AnyObject> objects) {
  source::Batch batch;
  for (api::AnyObject& object : objects) batch.changes.emplace_back(source::Upsert{std::move(object)});
  store::Store store;
  store.apply(batch);
  return store.freeze();
}

void take(status::Statuses& statuses, std::vector<status::StatusPatch> patches) {
  for (status::StatusPatch& patch : patches) statuses.insert_or_assign(patch.key, std::move(patch.status));
}

Json show_statuses(const status::Statuses& statuses) {
  Json made = Json::object();
  for (const auto& [key, value] : statuses)
    std::visit([&](const auto& held) { made[to_string(key)] = show(held); }, *value);
  return made;
}

Outcome run(const Case& source, const std::vector<std::size_t>& order) {
  Decoded decoded = decode_case(source, order);
  const store::ClusterSnapshot snapshot = freeze(std::move(decoded.objects));
  resolve::Memo memo;
  resolve::Resolution resolution = resolve::resolve(snapshot, source.settings, memo);
  const compile::Compilation compilation = compile::compile(resolution.model, Generation{1}, {});
  compile::tell_losers(compilation.losers, resolution.report);
  const runtime::ApplyReport applied = apply(compilation.compiled, source.busy);
  status::Statuses statuses = status::statuses_of(snapshot);
  take(statuses, status::finish_status(resolution.report, applied, statuses, time_of_run));

  Outcome made;
  Json shown = Json::object();
  made.findings = decoded.findings;
  for (const std::string& finding : decoded.findings) shown["findings"].push_back(finding);
  for (const std::string& host : resolution.wanted_internal_certificates) shown["wantedCertificates"].push_back(host);
  shown["table"] = compile::dump(compilation.compiled);
  shown["table"].erase("generation");
  shown["statuses"] = show_statuses(statuses);
  made.text = compile::to_yaml(shown);

  made.again = status::finish_status(resolution.report, applied, statuses, later);
  resolve::Resolution second = resolve::resolve(snapshot, source.settings, memo);
  const compile::Compilation recompiled = compile::compile(second.model, Generation{2}, compilation.next);
  EXPECT_EQ(recompiled.compiled.table->ports(), compilation.compiled.table->ports()) << "tables without a change";
  EXPECT_EQ(recompiled.compiled.endpoints, compilation.compiled.endpoints) << "endpoints without a change";
  compile::tell_losers(recompiled.losers, second.report);
  made.once_more = status::finish_status(second.report, apply(recompiled.compiled, source.busy), statuses, later);
  return made;
}

class Golden : public ::testing::TestWithParam<std::string> {};

TEST_P(Golden, Case) {
  const std::string base = golden_folder() + GetParam();
  const Case source = load_case(base + ".in.yaml");
  std::vector<std::size_t> order(source.texts.size());
  std::iota(order.begin(), order.end(), 0U);
  const Outcome straight = run(source, order);

  EXPECT_EQ(straight.findings.empty(), !source.has_findings) << straight.findings.front();
  if (std::getenv("PINTLE_UPDATE_GOLDEN") != nullptr)
    std::ofstream(base + ".out.yaml", std::ios::binary) << straight.text;
  EXPECT_EQ(straight.text, read_file(base + ".out.yaml"));
  EXPECT_TRUE(straight.again.empty()) << to_string(straight.again.front().key) << " was written again";
  EXPECT_TRUE(straight.once_more.empty()) << to_string(straight.once_more.front().key) << " was written once more";

  std::mt19937 random(7);
  for (int round = 0; round < 3; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    EXPECT_EQ(run(source, order).text, straight.text) << "shuffled, round " << round;
  }
}

std::string test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::ValuesIn(list_cases()), test_name);

TEST(GoldenFolder, HasAnInputForEachOutput) {
  const std::vector<std::string> cases = list_cases();
  for (const std::string& output : list_outputs())
    EXPECT_TRUE(std::ranges::binary_search(cases, output)) << output << ".out.yaml has no input";
}

}  // namespace
}  // namespace pintle::golden
