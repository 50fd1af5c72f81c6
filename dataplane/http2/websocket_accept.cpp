#include "dataplane/http2/websocket_accept.hpp"

#include <array>

#include <openssl/evp.h>

namespace pintle::http2 {

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &length, EVP_sha1(), nullptr) != 1) return {};
  std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> encoded{};
  const int written = EVP_EncodeBlock(encoded.data(), hash.data(), static_cast<int>(length));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(written)};
}

}  // namespace pintle::http2
