// The routing table against the naive oracle of the unit tests. The input's bytes are the choices of their generator.
// Property: on any table and any request, find_route, the oracle and explain_route agree on winner, host and status.
#include <pintle/route/lookup.hpp>

#include "test/fuzz/fuzz.hpp"
#include "test/unit/route/generated.hpp"
#include "test/unit/route/requests.hpp"

namespace pintle::fuzz {
namespace {

namespace made = route::testing;

void require_agreement(const route::PortTable& port, const std::vector<route::oracle::Listener>& listeners,
                       const route::oracle::Request& wanted) {
  const route::oracle::Answer answer = route::oracle::decide(listeners, wanted);
  const made::Request request(wanted.method, wanted.host,
                              wanted.path + (wanted.query.empty() ? "" : "?" + wanted.query), wanted.headers);
  const route::RouteRequest asked{request.view(), made::named(port, wanted.tls_listener)};
  const route::Decision decision = route::find_route(port, asked);
  require(made::name_of(decision.entry) == answer.winner, "one winner", made::shown(wanted));
  require((decision.entry != nullptr ? 200 : decision.status) == answer.status, "one status", made::shown(wanted));
  require(decision.host_pattern == answer.host_pattern, "one host", made::shown(wanted));

  const route::Walk walk = route::explain_route(port, asked);
  require(walk.decision.entry == decision.entry && walk.decision.reason == decision.reason, "explain decides alike",
          made::shown(wanted));
  const route::Entry* first = nullptr;
  for (const route::Candidate& candidate : walk.candidates)
    if (first == nullptr && candidate.result.matched()) first = candidate.entry;
  require(first == decision.entry, "the first candidate that matches wins", made::shown(wanted));
}

void run(std::string_view input) {
  constexpr int requests = 16;
  std::size_t at = 0;
  Dice dice(input);  // when the bytes are used up
  made::Generator generator([&](std::uint32_t bound) {
    if (at < input.size()) return static_cast<unsigned char>(input[at++]) % bound;
    return static_cast<std::uint32_t>(dice.below(bound));
  });
  const std::vector<route::oracle::Listener> listeners = generator.listeners();
  const route::PortTable port = made::built(listeners);
  for (int i = 0; i < requests; ++i) require_agreement(port, listeners, generator.request(listeners));
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
