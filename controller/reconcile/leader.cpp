#include "controller/reconcile/leader.hpp"

#include <random>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "controller/kube/resource.hpp"
#include "controller/kube/write_queue.hpp"
#include "controller/reconcile/lease_json.hpp"

namespace pintle::reconcile {
namespace {

namespace asio = boost::asio;
using Reply = Result<kube::Response>;

Now read_clocks() {
  return {std::chrono::steady_clock::now(),
          std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
}

Election::Answer judge(const Reply& reply) {
  if (!reply) return {};
  if (reply->status == 404) return {.fate = Election::Fate::Missing, .record = {}};
  if (reply->status == 409) return {.fate = Election::Fate::Conflict, .record = {}};
  if (reply->status < 200 || reply->status >= 300) return {};
  auto record = read_lease(reply->body);
  if (!record) return {};
  return {.fate = Election::Fate::Ok, .record = std::move(*record)};
}

}  // namespace

struct LeaderElector::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, LeaderElector::Settings given, LeaderElector::Ports wired)
      : io(context),
        settings(std::move(given)),
        ports(std::move(wired)),
        election(settings.election),
        rest(context),
        term(context),
        random(std::random_device{}()) {
    if (!settings.clock) settings.clock = read_clocks;
  }

  [[nodiscard]] std::string collection() const {
    return fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases", kube::escape(settings.ns));
  }

  void take(const Election::Step& step) {
    if (stopped) return;
    if (step.ask == Election::Ask::Rest) {
      rest.expires_after(step.delay);
      rest.async_wait([weak = weak_from_this()](const boost::system::error_code& fault) {
        if (const auto self = weak.lock(); self && !fault) self->take(self->election.wake(self->settings.clock()));
      });
      tell();
      return;
    }
    kube::Request request = request_of(step);
    call = ports.api.send(std::move(request), [this](const Reply& reply) { on_reply(reply); });
    tell();
  }

  kube::Request request_of(const Election::Step& step) const {
    kube::Request request;
    request.path = collection();
    request.timeout = settings.election.renew_deadline / 2;  // so that a second try fits
    if (step.ask != Election::Ask::Create) request.path += '/' + kube::escape(settings.name);
    if (step.ask == Election::Ask::Read) return request;
    request.method = step.ask == Election::Ask::Create ? kube::Method::Post : kube::Method::Put;
    request.body = lease_text({settings.ns, settings.name}, step.record);
    return request;
  }

  void on_reply(const Reply& reply) {
    const Election::Answer answer = judge(reply);
    if (answer.fate == Election::Fate::Failed)
      ports.on_failure(fmt::format(
          "the Lease {}/{} cannot be read or written: {}", settings.ns, settings.name,
          reply ? fmt::format("the API server answered {}: {}", reply->status, kube::failure_message(*reply))
                : reply.error().context));
    take(election.on_answer(answer, settings.clock(), std::uniform_real_distribution<>(0.0, 1.0)(random)));
  }

  /// Says what has changed, and looks again when the term is over.
  void tell() {
    const Now now = settings.clock();
    const Leadership present = election.leads(now.steady) ? Leadership::Leading : Leadership::Standby;
    if (present == Leadership::Leading) {
      term.expires_after(*election.led_until() - now.steady);
      term.async_wait([weak = weak_from_this()](const boost::system::error_code& fault) {
        if (const auto self = weak.lock(); self && !fault) self->tell();
      });
    }
    if (std::exchange(told, present) != present) ports.on_change(present);
  }

  void release(std::function<void()> done) {
    stopped = true;
    rest.cancel();
    term.cancel();
    const auto record = election.release(settings.clock());
    tell();
    released = std::move(done);
    if (record)
      give_back(*record);
    else
      asio::post(io, std::exchange(released, {}));
  }

  /// Without it the others would wait for the lease to expire.
  void give_back(const LeaseRecord& record) {
    kube::Request request;
    request.method = kube::Method::Put;
    request.path = fmt::format("{}/{}", collection(), kube::escape(settings.name));
    request.timeout = settings.election.retry_period;
    request.body = lease_text({settings.ns, settings.name}, record);
    call = ports.api.send(std::move(request), [this, record](const Reply& reply) {
      if (reply && reply->status == 409 && --tries_to_give_back > 0) return read_to_give_back(record);
      std::exchange(released, {})();
    });
  }

  /// A renewal that was under way went through before: the lease is ours in another version.
  void read_to_give_back(LeaseRecord record) {
    kube::Request request;
    request.path = fmt::format("{}/{}", collection(), kube::escape(settings.name));
    request.timeout = settings.election.retry_period;
    call = ports.api.send(std::move(request), [this, record = std::move(record)](const Reply& reply) mutable {
      const Election::Answer now = judge(reply);
      if (now.fate != Election::Fate::Ok || now.record.holder != settings.election.identity)
        return std::exchange(released, {})();
      record.resource_version = now.record.resource_version;
      give_back(record);
    });
  }

  asio::io_context& io;
  LeaderElector::Settings settings;
  LeaderElector::Ports ports;
  Election election;
  kube::Call call;
  asio::steady_timer rest;
  asio::steady_timer term;  ///< runs while leading
  std::mt19937 random;
  Leadership told = Leadership::Standby;
  bool stopped = false;
  std::function<void()> released;  ///< what release() was given, until it is called
  int tries_to_give_back = 3;
};

LeaderElector::LeaderElector(asio::io_context& io, Settings settings, Ports ports)
    : state_(std::make_shared<State>(io, std::move(settings), std::move(ports))) {}
LeaderElector::~LeaderElector() {
  state_->stopped = true;
  state_->call.cancel();
  state_->rest.cancel();
  state_->term.cancel();
}

void LeaderElector::start() { state_->take(state_->election.wake(state_->settings.clock())); }
void LeaderElector::release(std::function<void()> done) { state_->release(std::move(done)); }
bool LeaderElector::is_leader() const noexcept { return state_->election.leads(state_->settings.clock().steady); }
const std::string& LeaderElector::holder() const noexcept { return state_->election.holder(); }

std::string make_identity(std::string_view pod_name) {
  std::random_device source;
  return fmt::format("{}_{:08x}{:08x}", pod_name, source(), source());
}

}  // namespace pintle::reconcile
