#include "dataplane/observe/program_metrics.hpp"

#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

#include "dataplane/observe/families.hpp"

namespace pintle::observe {
namespace {

[[nodiscard]] double in_seconds(const timeval& time) noexcept {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

[[nodiscard]] std::int64_t count_open_descriptors() {
  std::error_code fault;
  std::int64_t count = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", fault);
       !fault && at != std::filesystem::directory_iterator(); at.increment(fault))
    ++count;
  return count > 0 ? count - 1 : 0;  // less the one that reads the folder
}

}  // namespace

void append_program(std::string& out, const ProgramFacts& program) {
  const auto sample = [&](const FamilyHead& head, auto value) {
    append_head(out, head);
    append_sample(out, head.name, {}, value);
  };
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  sample({"process_cpu_seconds_total", "counter", "CPU time used, user and system."},
         in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime));
  std::int64_t virtual_pages = 0;
  std::int64_t resident_pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> virtual_pages >> resident_pages) {
    const std::int64_t page = sysconf(_SC_PAGESIZE);
    sample({"process_resident_memory_bytes", "gauge", "Resident memory."}, resident_pages * page);
    sample({"process_virtual_memory_bytes", "gauge", "Virtual memory."}, virtual_pages * page);
  }
  sample({"process_open_fds", "gauge", "Open descriptors."}, count_open_descriptors());
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    sample({"process_max_fds", "gauge", "Limit on descriptors."}, static_cast<std::int64_t>(limit.rlim_cur));
  sample({"process_start_time_seconds", "gauge", "Start, since the epoch."}, program.started_at);

  const FamilyHead build{"pintle_build_info", "gauge", "Version and commit of the program."};
  append_head(out, build);
  append_sample(out, build.name, join_labels({{"version", program.version}, {"commit", program.commit}}),
                std::int64_t{1});
  const FamilyHead target{"target_info", "gauge", "Who is measured."};
  append_head(out, target);
  append_sample(out, target.name, join_labels({{"service_name", "pintle"}, {"service_version", program.version}}),
                std::int64_t{1});
}

}  // namespace pintle::observe
