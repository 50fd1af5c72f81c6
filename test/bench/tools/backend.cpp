// The backend every contender forwards to: one thread, answers from memory, takes uploads of any size and framing.
//
// The last segment of the path chooses the answer: /10k, /1m, /chunked (64 KiB in 16 chunks); anything else is 100 B.
// `--counter FILE` names 8 bytes of shared memory that hold the number of requests answered: what CPU is divided by.

#include <array>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include <fmt/core.h>

#include "test/bench/tools/flags.hpp"
#include "test/bench/tools/message_reader.hpp"
#include "test/bench/tools/sockets.hpp"

namespace pintle::bench {
namespace {

std::string answer_of_size(std::size_t size) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}", size,
                     std::string(size, 'x'));
}

std::string chunked_answer() {
  constexpr int chunks = 16;
  constexpr std::size_t chunk_size = 4096;
  std::string text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < chunks; ++i) text += fmt::format("{:x}\r\n{}\r\n", chunk_size, std::string(chunk_size, 'x'));
  return text + "0\r\n\r\n";
}

struct Answers {
  std::string small = answer_of_size(100);
  std::string medium = answer_of_size(10'240);
  std::string large = answer_of_size(1'048'576);
  std::string chunked = chunked_answer();

  [[nodiscard]] std::string_view find(std::string_view target) const {
    if (target.ends_with("/10k")) return medium;
    if (target.ends_with("/1m")) return large;
    if (target.ends_with("/chunked")) return chunked;
    return small;
  }
};

struct Connection {
  int descriptor = -1;
  MessageReader reader;
  std::string_view unsent;  // of an answer, whose bytes live as long as the program
  bool last = false;        // the request said Connection: close
};

class Backend {
 public:
  Backend(int listener, std::atomic<std::uint64_t>& answered)
      : listener_(listener), epoll_(epoll_create1(0)), answered_(answered) {
    watch(epoll_, listener_, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> room{};
    for (;;)
      for (const epoll_event& event : wait_for_events(epoll_, room, -1)) {
        if (event.data.ptr == nullptr)
          accept_all();
        else if (auto* connection = static_cast<Connection*>(event.data.ptr); !advance(*connection, event.events))
          drop(connection);
      }
  }

 private:
  void accept_all() {
    for (int descriptor = accept_from(listener_); descriptor >= 0; descriptor = accept_from(listener_)) {
      auto* connection = new Connection;
      connection->descriptor = descriptor;
      watch(epoll_, descriptor, connection);
    }
  }
  static void drop(Connection* connection) {
    close(connection->descriptor);
    delete connection;
  }

  /// False when the connection is over.
  bool advance(Connection& connection, std::uint32_t events) {
    if (!flush(connection)) return false;
    while (connection.unsent.empty()) {
      const std::ptrdiff_t count = read_some(connection.descriptor, scratch_);
      if (count <= 0) return count < 0 && errno == EAGAIN;
      if (!answer(connection, {scratch_.data(), static_cast<std::size_t>(count)})) return false;
      // Short means drained, unless the end came with the same edge: there will be no other.
      if (static_cast<std::size_t>(count) < scratch_.size() && (events & EPOLLRDHUP) == 0) return true;
    }
    return true;
  }

  /// Nobody pipelines here: after an answer that does not fit the socket nothing more is read.
  bool answer(Connection& connection, std::string_view bytes) {
    while (!bytes.empty()) {
      bytes.remove_prefix(connection.reader.feed(bytes));
      if (!connection.reader.done()) return true;
      connection.unsent = answers_.find(target_of(connection.reader.head()));
      connection.last = find_field(connection.reader.head(), "connection") == "close";
      connection.reader.reset();
      answered_.fetch_add(1, std::memory_order_relaxed);
      if (!flush(connection)) return false;
    }
    return true;
  }

  static bool flush(Connection& connection) {
    while (!connection.unsent.empty()) {
      const std::ptrdiff_t count = write_some(connection.descriptor, connection.unsent);
      if (count < 0) return errno == EAGAIN;
      connection.unsent.remove_prefix(static_cast<std::size_t>(count));
      if (connection.unsent.empty() && connection.last) return false;
    }
    return true;
  }

  int listener_;
  int epoll_;
  std::atomic<std::uint64_t>& answered_;
  Answers answers_;
  std::array<char, 65536> scratch_{};
};

std::atomic<std::uint64_t>& shared_counter(const std::string& file) {
  static std::atomic<std::uint64_t> own;
  if (file.empty()) return own;
  const int descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0 || ftruncate(descriptor, sizeof(own)) != 0) give_up("cannot make " + file);
  void* memory = mmap(nullptr, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) give_up("cannot map " + file);
  return *static_cast<std::atomic<std::uint64_t>*>(memory);
}

}  // namespace
}  // namespace pintle::bench

int main(int count, char** words) {
  using namespace pintle::bench;
  const Flags flags(count, words);
  const auto port = static_cast<std::uint16_t>(flags.number("port", 0));
  const auto backend = std::make_unique<Backend>(listen_on(port), shared_counter(flags.text("counter")));
  backend->run();
}
