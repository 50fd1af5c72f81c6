#include "dataplane/worker/resources.hpp"

#include <fstream>
#include <unistd.h>

#include <gtest/gtest.h>

namespace pintle::worker {
namespace {

namespace fs = std::filesystem;

struct FakeRoot : testing::Test {
  FakeRoot() {
    std::string pattern = (fs::temp_directory_path() / "pintle-root-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~FakeRoot() override { fs::remove_all(root); }
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << text;
  }
  fs::path root;
};

TEST_F(FakeRoot, NothingThereIsNoLimit) {
  const Resources resources(root);
  EXPECT_FALSE(resources.cpu_quota());
  EXPECT_FALSE(resources.memory_limit());
  EXPECT_EQ(resources.resident_memory(), 0u);
}

TEST_F(FakeRoot, VersionTwoTakesTheTightestOfAllOuterGroups) {
  put("proc/self/cgroup", "0::/kubepods/pod1/container\n");
  put("sys/fs/cgroup/kubepods/cpu.max", "150000 100000\n");
  put("sys/fs/cgroup/kubepods/pod1/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/kubepods/pod1/container/cpu.max", "400000 100000\n");
  put("sys/fs/cgroup/kubepods/memory.max", "max\n");
  put("sys/fs/cgroup/kubepods/pod1/memory.max", "268435456\n");
  put("sys/fs/cgroup/kubepods/pod1/container/memory.max", "536870912\n");
  const Resources resources(root);
  EXPECT_DOUBLE_EQ(resources.cpu_quota().value(), 1.5);
  EXPECT_EQ(resources.memory_limit(), 268435456u);
}

// Inside a container the path may be the host's; what is mounted is the container's own group.
TEST_F(FakeRoot, OwnGroupAtTheMount) {
  put("proc/self/cgroup", "0::/../../somewhere/else\n");
  put("sys/fs/cgroup/cpu.max", "50000 100000\n");
  put("sys/fs/cgroup/memory.max", "134217728\n");
  const Resources resources(root);
  EXPECT_DOUBLE_EQ(resources.cpu_quota().value(), 0.5);
  EXPECT_EQ(resources.memory_limit(), 134217728u);
}

TEST_F(FakeRoot, VersionOne) {
  put("proc/self/cgroup", "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n");
  put("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
  put("sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "104857600\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  const Resources resources(root);
  EXPECT_DOUBLE_EQ(resources.cpu_quota().value(), 2.5);
  EXPECT_EQ(resources.memory_limit(), 104857600u);
}

TEST_F(FakeRoot, VersionOneWithoutLimits) {
  put("proc/self/cgroup", "4:memory:/\n");
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(Resources(root).memory_limit());
}

TEST_F(FakeRoot, ResidentMemoryIsInPages) {
  put("proc/self/statm", "5000 1200 300 1 0 900 0\n");
  EXPECT_EQ(Resources(root).resident_memory(), 1200u * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

TEST_F(FakeRoot, WhetherTcpPaces) {
  EXPECT_FALSE(Resources(root).tcp_paces());
  put("proc/sys/net/ipv4/tcp_congestion_control", "cubic\n");
  EXPECT_FALSE(Resources(root).tcp_paces());
  put("proc/sys/net/ipv4/tcp_congestion_control", "bbr\n");
  EXPECT_TRUE(Resources(root).tcp_paces());
}

TEST(Resources, OfThisMachine) {
  EXPECT_GT(Resources().resident_memory(), 1'000'000u);
  EXPECT_GE(usable_cpus(), 1u);
  EXPECT_GE(raise_descriptor_limit(), 64u);
}

TEST(ChooseThreads, Rows) {
  EXPECT_EQ(choose_threads(std::nullopt, 8), 8u);
  EXPECT_EQ(choose_threads(std::nullopt, 0), 1u);
  EXPECT_EQ(choose_threads(0.1, 8), 1u);
  EXPECT_EQ(choose_threads(1.5, 8), 2u);
  EXPECT_EQ(choose_threads(2.0, 8), 2u);
  EXPECT_EQ(choose_threads(100.0, 8), 8u);
}

TEST(ChooseMaxConnections, KeepsDescriptorsForBackends) {
  EXPECT_EQ(choose_max_connections(1064, 1), 500u);
  EXPECT_EQ(choose_max_connections(1064, 2), 250u);
  EXPECT_EQ(choose_max_connections(100, 1), 25u);
  EXPECT_EQ(choose_max_connections(0, 4), 1u);
  EXPECT_EQ(choose_max_pipes(1024, 2), 8u);
  EXPECT_EQ(choose_max_pipes(1 << 20, 2), net::PipePool::default_limit);
  EXPECT_EQ(choose_max_pipes(50, 1), 0u);
}

TEST_F(FakeRoot, LocalPorts) {
  EXPECT_EQ(Resources(root).local_ports(), 28232u) << "what Linux has unless told otherwise";
  put("proc/sys/net/ipv4/ip_local_port_range", "1024\t65535\n");
  EXPECT_EQ(Resources(root).local_ports(), 64512u);
}

TEST(ChooseMaxFlows, LeavesPortsAndDescriptorsToOthers) {
  EXPECT_EQ(choose_max_flows(1 << 20, 28232, 1), 14116u);
  EXPECT_EQ(choose_max_flows(1 << 20, 28232, 4), 3529u);
  EXPECT_EQ(choose_max_flows(1024, 28232, 2), 128u);
  EXPECT_EQ(choose_max_flows(1 << 20, 64512, 1), 16384u);
  EXPECT_EQ(choose_max_flows(0, 0, 0), 1u);
}

TEST(NextPressure, LevelsBeginWhereTheyShouldAndDoNotFlap) {
  using enum net::Pressure;
  struct Row {
    net::Pressure present;
    std::uint64_t used;
    net::Pressure next;
  };
  for (const Row& row :
       {Row{None, 849, None}, Row{None, 850, ShedIdle}, Row{ShedIdle, 821, ShedIdle}, Row{ShedIdle, 819, None},
        Row{ShedIdle, 920, CloseKeepAlive}, Row{CloseKeepAlive, 891, CloseKeepAlive},
        Row{CloseKeepAlive, 889, ShedIdle}, Row{None, 970, StopAccepting}, Row{StopAccepting, 941, StopAccepting},
        Row{StopAccepting, 939, CloseKeepAlive}, Row{StopAccepting, 0, None}})
    EXPECT_EQ(next_pressure(row.present, row.used, 1000), row.next) << static_cast<int>(row.present) << " " << row.used;
  EXPECT_EQ(next_pressure(None, 1'000'000, 0), None) << "without a cap";
}

}  // namespace
}  // namespace pintle::worker
