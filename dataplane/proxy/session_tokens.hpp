// Tokens of sessions (GEP-1619): what a client shows again, and which endpoint it is for.
//
//   base64url   tag 16 | AES-128-SIV of { began 5 | IP version 1 | port 2 | address 16 | backend 8 }   64 characters
//
//  - guarantees: without the key nobody makes a token, changes one or reads an address in it; one of another scope or
//    key is none. Equal sessions have equal tokens (RFC 5297): a token marks an endpoint, never a client.
//  - leaves to others: how old a session may be, whether its endpoint is still there.
// One per worker; nothing is shared but the key.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/secret.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::proxy {

struct SessionContent {
  Wall began;
  runtime::SocketAddress endpoint;
  std::uint64_t backend = 0;  ///< stable_hash() of its name
  friend bool operator==(const SessionContent&, const SessionContent&) = default;
};

class SessionTokens {
 public:
  static constexpr std::size_t length = 64;
  using Text = std::array<char, length>;

  SessionTokens();
  ~SessionTokens();
  SessionTokens(const SessionTokens&) = delete;
  SessionTokens& operator=(const SessionTokens&) = delete;

  /// From now on tokens are of this key; null: there are none. Costs nothing while it is the same pointer.
  void set_key(const std::shared_ptr<const Secret>& key);
  /// nullopt: there is no key.
  [[nodiscard]] std::optional<Text> seal(std::string_view scope, const SessionContent& content);
  /// nullopt: it is no token of this scope.
  [[nodiscard]] std::optional<SessionContent> open(std::string_view scope, std::string_view token);

 private:
  struct Cipher;
  std::shared_ptr<const Secret> key_;
  std::unique_ptr<Cipher> cipher_;
};

}  // namespace pintle::proxy
