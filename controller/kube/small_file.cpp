#include "controller/kube/small_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace pintle::kube {
namespace {

constexpr std::size_t limit = std::size_t{4} << 20U;

[[nodiscard]] std::unexpected<Error> refuse(const std::string& path, int fault) {
  const ErrorCode code = fault == ENOENT || fault == ENOTDIR ? ErrorCode::NoSuchFile : ErrorCode::PermissionDenied;
  return make_error(code, fmt::format("{} cannot be read: {}", path, std::generic_category().message(fault)));
}

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(number); }
  int number;
};

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
  const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (opened < 0) return refuse(path, errno);
  const Descriptor file(opened);
  std::string bytes;
  std::array<char, 4096> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): read() fills it
  while (true) {
    const ssize_t got = ::read(file.number, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse(path, errno);
    if (got == 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(got));
    if (bytes.size() > limit)
      return make_error(ErrorCode::TooLarge, fmt::format("{} is larger than {} bytes", path, limit));
  }
}

}  // namespace pintle::kube
