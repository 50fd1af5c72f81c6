#include "dataplane/net/unique_fd.hpp"

#include <unistd.h>

namespace pintle::net {

void UniqueFd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace pintle::net
