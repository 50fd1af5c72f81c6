// The load generator of the bench. `--request FILE` holds the raw request. One line of JSON tells what happened.
//
//   bench_load --port P --request F --connections C --milliseconds S           closed loop
//   bench_load ... --requests N                                             closed loop of exactly N requests
//   bench_load ... --fresh                                                  a new connection for each request
//   bench_load ... --rate R                                                 fixed rate; latency from the intended time
//   bench_load ... --idle                                                   hold connections until standard input ends
//   bench_load ... --tls NAME                                               TLS 1.3 with that server name

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sys/prctl.h>

#include <fmt/core.h>

#include "test/bench/tools/flags.hpp"
#include "test/bench/tools/load_modes.hpp"

namespace pintle::bench {
namespace {

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) give_up("cannot read the request: " + name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string latency_members(std::vector<std::uint32_t>& latencies) {
  if (latencies.empty()) return {};
  std::ranges::sort(latencies);
  const auto at = [&](double share) {
    return latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))];
  };
  return fmt::format(R"(,"p50_us":{},"p90_us":{},"p99_us":{},"p999_us":{},"max_us":{})", at(0.5), at(0.9), at(0.99),
                     at(0.999), latencies.back());
}

}  // namespace
}  // namespace pintle::bench

int main(int count, char** words) {
  using namespace pintle::bench;
  prctl(PR_SET_TIMERSLACK, 1);  // ns; the default of 50 us would blur the instants at which requests are due
  const Flags flags(count, words);
  const SslContext tls = flags.has("tls") ? make_client_context() : SslContext();
  const Load load{.target = {.port = static_cast<std::uint16_t>(flags.number("port", 0)),
                             .request = read_file(flags.text("request")),
                             .server_name = flags.text("tls"),
                             .tls = tls.get()},
                  .connections = flags.number("connections", 64),
                  .seconds = static_cast<double>(flags.number("milliseconds", 1000)) / 1000,
                  .requests = flags.number("requests", 0),
                  .rate = flags.number("rate", 0),
                  .reuse = flags.has("fresh") ? Reuse::ConnectionEach : Reuse::KeepAlive};
  Tally tally = flags.has("idle") ? hold_idle(load) : load.rate != 0 ? run_at_rate(load) : run_closed(load);
  fmt::print("{{\"answered\":{},\"errors\":{},\"seconds\":{:.3f}{}}}\n", tally.answered, tally.errors, tally.seconds,
             latency_members(tally.latencies_us));
}
