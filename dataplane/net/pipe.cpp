#include "dataplane/net/pipe.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace pintle::net {
namespace {

constexpr unsigned splice_flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

IoResult splice_once(int from, int to, std::size_t most) noexcept {
  ssize_t n = 0;
  do {
    n = ::splice(from, nullptr, to, nullptr, most, splice_flags);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return {.bytes = static_cast<std::size_t>(n)};
  if (n == 0) return {.status = IoStatus::Eof};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {.status = IoStatus::WouldBlock};
  return {.status = IoStatus::Error, .error = errno};
}

}  // namespace

Pipe::Pipe(Pipe&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), ends_(std::move(other.ends_)), size_(std::exchange(other.size_, 0)) {}

Pipe& Pipe::operator=(Pipe&& other) noexcept {
  if (this != &other) {
    reset();
    pool_ = std::exchange(other.pool_, nullptr);
    ends_ = std::move(other.ends_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

IoResult Pipe::fill(int socket, std::size_t most) noexcept {
  const IoResult result = splice_once(socket, ends_.in.get(), most);
  size_ += result.bytes;
  return result;
}

// Until it is empty or the socket says that it is full: only that makes epoll tell when there is room again.
IoResult Pipe::drain(int socket) noexcept {
  std::size_t total = 0;
  while (size_ > 0) {
    IoResult result = splice_once(ends_.out.get(), socket, size_);
    if (result.status != IoStatus::Ok) {
      result.bytes = total;
      return result;
    }
    size_ -= result.bytes;
    total += result.bytes;
    pool_->passed_ += result.bytes;
  }
  return {.bytes = total};
}

void Pipe::reset() noexcept {
  if (pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->give_back(std::move(ends_), std::exchange(size_, 0));
}

Pipe PipePool::take() {
  if (!free_.empty()) {
    Pipe::Ends ends = std::move(free_.back());
    free_.pop_back();
    return {*this, std::move(ends)};
  }
  if (open_ >= limit_) return {};
  if (unasked_ > 0) {
    --unasked_;
    return {};
  }
  Pipe pipe = open();
  if (!pipe) unasked_ = calls_unasked;
  return pipe;
}

/// A user beyond his pipe pages may not make pipes larger, and gets new ones of a page or two (pipe(7)): copying is
/// better than such a one.
Pipe PipePool::open() {
  int fds[2] = {-1, -1};
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) return {};
  Pipe::Ends ends{.out = UniqueFd(fds[0]), .in = UniqueFd(fds[1])};
  if (::fcntl(fds[0], F_SETPIPE_SZ, static_cast<int>(capacity)) < static_cast<int>(capacity)) return {};
  free_.reserve(most_free);  // so that giving back never allocates
  ++open_;
  return {*this, std::move(ends)};
}

void PipePool::give_back(Pipe::Ends ends, std::size_t unread) noexcept {
  if (unread == 0 && free_.size() < most_free)
    free_.push_back(std::move(ends));
  else
    --open_;
}

void PipePool::trim() noexcept {
  open_ -= free_.size();
  free_.clear();
}

}  // namespace pintle::net
