// The floor: what it costs to move a request and its answer with no idea of either. One upstream connection for each
// client, edge-triggered, no parsing. No gateway that keeps the kernel's stream sockets can be much cheaper.

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include "test/bench/tools/flags.hpp"
#include "test/bench/tools/sockets.hpp"

namespace pintle::bench {
namespace {

struct Pair;

/// One of the two sockets of a pair; `unsent` came from the other one.
struct End {
  Pair* pair = nullptr;
  End* other = nullptr;
  int descriptor = -1;
  std::string unsent;
};

struct Pair {
  End client;
  End server;
  bool over = false;
};

class Relay {
 public:
  Relay(int listener, std::uint16_t target) : listener_(listener), target_(target), epoll_(epoll_create1(0)) {
    watch(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> room{};
    for (;;) {
      for (const epoll_event& event : wait_for_events(epoll_, room, -1)) {
        if (event.data.ptr == nullptr)
          accept_all();
        else
          on_event(*static_cast<End*>(event.data.ptr), event.events);
      }
      // Both ends of a pair may stand in one batch of events, so a pair outlives its batch.
      for (const Pair* pair : over_) delete pair;
      over_.clear();
    }
  }

 private:
  void accept_all() {
    for (int descriptor = accept_from(listener_); descriptor >= 0; descriptor = accept_from(listener_)) {
      const int server = connect_to(target_, Connecting::Waits);
      if (server < 0) {
        close(descriptor);
        continue;
      }
      auto* pair = new Pair;
      pair->client = {.pair = pair, .other = &pair->server, .descriptor = descriptor, .unsent = {}};
      pair->server = {.pair = pair, .other = &pair->client, .descriptor = server, .unsent = {}};
      watch(epoll_, descriptor, &pair->client);
      watch(epoll_, server, &pair->server);
    }
  }

  void on_event(End& end, std::uint32_t events) {
    if (end.pair->over) return;
    bool alive = true;
    if ((events & EPOLLOUT) != 0 && !end.unsent.empty()) alive = flush(end) && move(*end.other, EPOLLRDHUP);
    if (alive && (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) alive = move(end, events);
    if (!alive) finish(*end.pair);
  }

  /// From one end to the other until drained or the other is full; false when the pair is over.
  bool move(End& from, std::uint32_t events) {
    End& to = *from.other;
    while (to.unsent.empty()) {
      const std::ptrdiff_t count = read_some(from.descriptor, scratch_);
      if (count <= 0) return count < 0 && errno == EAGAIN;
      const std::string_view bytes(scratch_.data(), static_cast<std::size_t>(count));
      const std::ptrdiff_t sent = write_some(to.descriptor, bytes);
      if (sent < 0 && errno != EAGAIN) return false;
      const auto taken = static_cast<std::size_t>(sent < 0 ? 0 : sent);
      if (taken < bytes.size()) to.unsent.assign(bytes.substr(taken));
      // Short means drained, unless the end came with the same edge.
      if (bytes.size() < scratch_.size() && (events & EPOLLRDHUP) == 0) return true;
    }
    return true;
  }

  static bool flush(End& end) {
    const std::ptrdiff_t count = write_some(end.descriptor, end.unsent);
    if (count < 0) return errno == EAGAIN;
    end.unsent.erase(0, static_cast<std::size_t>(count));
    return true;
  }

  void finish(Pair& pair) {
    pair.over = true;
    close(pair.client.descriptor);
    close(pair.server.descriptor);
    over_.push_back(&pair);
  }

  int listener_;
  std::uint16_t target_;
  int epoll_;
  std::vector<const Pair*> over_;
  std::array<char, 262144> scratch_{};
};

}  // namespace
}  // namespace pintle::bench

int main(int count, char** words) {
  using namespace pintle::bench;
  const Flags flags(count, words);
  const auto port = static_cast<std::uint16_t>(flags.number("port", 0));
  const auto target = static_cast<std::uint16_t>(flags.number("to", 0));
  const auto relay = std::make_unique<Relay>(listen_on(port), target);
  relay->run();
}
