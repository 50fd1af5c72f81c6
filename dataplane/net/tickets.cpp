#include "dataplane/net/tickets.hpp"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/rand.h>

namespace pintle::net {

TicketKey::~TicketKey() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

std::shared_ptr<const TicketRing> TicketRing::rotate(const TicketRing* previous) {
  auto ring = std::make_shared<TicketRing>();
  TicketKey& key = ring->keys_[0];
  if (RAND_bytes(key.name.data(), static_cast<int>(key.name.size())) != 1 ||
      RAND_priv_bytes(key.cipher.data(), static_cast<int>(key.cipher.size())) != 1 ||
      RAND_priv_bytes(key.mac.data(), static_cast<int>(key.mac.size())) != 1)
    return nullptr;
  ring->count_ = 1;
  if (previous != nullptr)
    for (std::size_t i = 0; i < previous->count_ && ring->count_ < ring->keys_.size(); ++i)
      ring->keys_[ring->count_++] = previous->keys_[i];
  return ring;
}

const TicketKey* TicketRing::find(std::span<const unsigned char, 16> name) const noexcept {
  for (std::size_t i = 0; i < count_; ++i)
    if (std::ranges::equal(keys_[i].name, name)) return &keys_[i];
  return nullptr;
}

}  // namespace pintle::net
