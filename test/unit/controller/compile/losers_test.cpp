// Which routes are told that another has their match.
#include "controller/compile/losers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/compile/compile.hpp"
#include "test/unit/controller/compile/models.hpp"

namespace pintle::compile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

resolve::StatusReport report_of(const std::vector<std::string>& routes, const std::string& section = {}) {
  resolve::StatusReport report;
  for (const std::string& name : routes) {
    resolve::RouteReport route;
    route.object.key = {api::Kind::HTTPRoute, "default", name};
    resolve::ParentReport parent;
    parent.ref.name = "one";
    if (!section.empty()) parent.ref.section_name = section;
    route.parents = {parent};
    report.routes.push_back(std::make_shared<const resolve::RouteReport>(std::move(route)));
  }
  return report;
}

/// `routes` prefixes of routes a, b, ...; all at listener "http" and the hosts given.
Compilation compile_all(const std::vector<std::pair<std::string, std::string>>& routes,
                        const std::vector<std::string>& hosts) {
  resolve::Model model;
  std::vector<resolve::AttachedRoute> attached;
  for (const auto& [name, prefix] : routes)
    attached.push_back({testing::make_route("default/" + name,
                                            {testing::rule("default/" + name, 0, prefix, {testing::to_backend("s")})}),
                        hosts});
  testing::add_backend(model, "s");
  model.gateways.push_back(testing::gateway("one", "127.0.0.1", {testing::http_listener("http", "*", 80, attached)}));
  return compile(model, Generation{1}, {});
}

TEST(Losers, TheLaterRouteIsToldOfTheFirst) {
  const Compilation made = compile_all({{"a", "/x"}, {"b", "/x"}, {"c", "/y"}}, {"h.test", "i.test"});
  resolve::StatusReport report = report_of({"a", "b", "c"});
  tell_losers(made.losers, report);
  EXPECT_THAT(report.routes[0]->parents[0].notes, IsEmpty());
  EXPECT_THAT(report.routes[1]->parents[0].notes,
              ElementsAre("spec.rules[0].matches[0] gets no request of host h.test (and 1 more) at listener http: "
                          "default/a rule 0 has the same match and comes first by name, for both routes are as old"));
  EXPECT_THAT(report.routes[2]->parents[0].notes, IsEmpty());

  resolve::StatusReport other = report_of({"b"}, "another-listener");
  tell_losers(made.losers, other);
  EXPECT_THAT(other.routes[0]->parents[0].notes, IsEmpty()) << "it did not lose by that parent";
}

TEST(Losers, NameWinnerAndHost) {
  const Compilation first = compile_all({{"a", "/x"}, {"b", "/x"}}, {"h.test"});
  ASSERT_EQ(first.losers.size(), 1U);
  EXPECT_EQ(first.losers[0].host, "h.test");
  EXPECT_EQ(first.losers[0].loss.winner->rule->source.route, "default/a");
}

TEST(Losers, TheFirstTakesItFromEach) {
  std::vector<std::pair<std::string, std::string>> routes;
  for (char name = 'a'; name < 'a' + 12; ++name) routes.emplace_back(std::string(1, name), "/x");
  resolve::StatusReport report = report_of({"b", "l"});
  tell_losers(compile_all(routes, {"h.test"}).losers, report);
  EXPECT_EQ(report.routes[1]->parents[0].notes.size(), 1U) << "the first takes it from each";
  EXPECT_THAT(report.routes[1]->parents[0].notes[0], HasSubstr("default/a rule 0"));
}

}  // namespace
}  // namespace pintle::compile
