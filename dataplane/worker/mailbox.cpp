#include "dataplane/worker/mailbox.hpp"

#include <cerrno>
#include <cstring>
#include <sys/eventfd.h>
#include <unistd.h>

#include <fmt/core.h>

namespace pintle::worker {

Result<std::unique_ptr<Mailbox>> Mailbox::make(net::Poller& poller) {
  net::UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd) return make_error(ErrorCode::Exhausted, fmt::format("cannot create an eventfd: {}", std::strerror(errno)));
  std::unique_ptr<Mailbox> mailbox(new Mailbox(poller, std::move(fd)));
  if (auto added = poller.add(mailbox->fd_.get(), *mailbox); !added) return std::unexpected(std::move(added.error()));
  return mailbox;
}

Mailbox::~Mailbox() { poller_.remove(fd_.get(), *this); }

void Mailbox::post(Task task) {
  const std::scoped_lock lock(mutex_);
  tasks_.push_back(std::move(task));
  const std::uint64_t one = 1;
  static_cast<void>(
      !::write(fd_.get(), &one, sizeof one));  // fails only if the counter is full: a wake-up is due anyway
}

void Mailbox::on_events(std::uint32_t /*events*/) {
  std::uint64_t count = 0;
  static_cast<void>(!::read(fd_.get(), &count, sizeof count));
  std::vector<Task> now;
  {
    const std::scoped_lock lock(mutex_);
    now.swap(tasks_);
  }
  for (Task& task : now) task();
}

}  // namespace pintle::worker
