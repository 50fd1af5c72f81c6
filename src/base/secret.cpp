#include <string.h>
#include <utility>

#include <pintle/base/secret.hpp>

namespace pintle {

Secret::Secret(std::string&& bytes) : bytes_(std::move(bytes)) {
  // A short string is copied by the move: wipe what stayed behind.
  explicit_bzero(bytes.data(), bytes.capacity());  // NOLINT(bugprone-use-after-move)
  bytes.clear();
}

Secret::Secret(Secret&& other) noexcept : Secret(std::move(other.bytes_)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

Secret::~Secret() { wipe(); }

bool Secret::equals(const Secret& other) const noexcept {
  if (bytes_.size() != other.bytes_.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(bytes_[i]) ^ static_cast<unsigned char>(other.bytes_[i])));
  return difference == 0;
}

void Secret::wipe() noexcept {
  explicit_bzero(bytes_.data(), bytes_.capacity());
  bytes_.clear();
}

}  // namespace pintle
