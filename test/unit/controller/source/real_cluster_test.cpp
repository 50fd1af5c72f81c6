// Against a real API server, where one is given: PINTLE_TEST_KUBECONFIG names a kubeconfig that may read all kinds.
#include <chrono>
#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "controller/kube/client.hpp"
#include "controller/kube/kubeconfig.hpp"
#include "controller/source/kube_source.hpp"

namespace pintle::source {
namespace {

TEST(RealCluster, IsListedAndWatched) {
  const char* path = std::getenv("PINTLE_TEST_KUBECONFIG");
  if (path == nullptr) GTEST_SKIP() << "PINTLE_TEST_KUBECONFIG is not set: there is no cluster to follow";
  auto connection = kube::read_kubeconfig({.paths = path, .context = {}});
  ASSERT_TRUE(connection) << connection.error().context;
  boost::asio::io_context io;
  const auto clock = kube::make_clock(io);
  const auto client = kube::Client::make(io, *clock, std::move(*connection));
  ASSERT_TRUE(client);
  bool has_default = false;
  const auto source = KubeSource::start(**client, *clock, {}, [&](const Batch& batch) {
    for (const Change& change : batch.changes)
      has_default |= key_of(change) == api::ObjectKey{api::Kind::Namespace, "", "default"};
    EXPECT_TRUE(batch.findings.empty()) << api::format_finding(batch.findings.front());
  });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const auto all_watched = [&] {
    for (const KindStatus& kind : source->status())
      if (kind.phase != Phase::Watching && kind.health != Health::Absent) return false;
    return source->is_synced();
  };
  while (!all_watched() && std::chrono::steady_clock::now() < deadline) io.run_one_for(std::chrono::milliseconds(100));
  for (const KindStatus& kind : source->status())
    EXPECT_TRUE(kind.phase == Phase::Watching || kind.health == Health::Absent)
        << api::to_string(kind.kind) << " " << to_string(kind.phase) << " " << to_string(kind.health) << " "
        << kind.error;
  EXPECT_TRUE(has_default);
}

}  // namespace
}  // namespace pintle::source
