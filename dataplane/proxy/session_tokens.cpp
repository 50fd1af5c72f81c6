#include "dataplane/proxy/session_tokens.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace pintle::proxy {
namespace {

constexpr std::size_t tag_size = 16;
constexpr std::size_t content_size = 32;
constexpr std::size_t key_size = 32;  // two keys of AES-128
static_assert(SessionTokens::length == (tag_size + content_size) / 3 * 4);

using Content = std::array<unsigned char, content_size>;
using Sealed = std::array<unsigned char, tag_size + content_size>;
using Key = std::array<unsigned char, key_size>;

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};
struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
};

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void put(std::uint64_t value, std::span<unsigned char> to) noexcept {
  for (std::size_t at = to.size(); at-- > 0; value >>= 8U) to[at] = static_cast<unsigned char>(value & 0xFFU);
}
std::uint64_t take(std::span<const unsigned char> from) noexcept {
  std::uint64_t value = 0;
  for (const unsigned char byte : from) value = value << 8U | byte;
  return value;
}

Content pack(const SessionContent& session) noexcept {
  Content made{};
  const std::span all(made);
  put(static_cast<std::uint64_t>(session.began.time_since_epoch().count()), all.subspan<0, 5>());
  made[5] = session.endpoint.v6 ? 6 : 4;
  put(session.endpoint.port, all.subspan<6, 2>());
  std::ranges::copy(session.endpoint.ip, made.begin() + 8);
  put(session.backend, all.subspan<24, 8>());
  return made;
}

SessionContent unpack(const Content& content) noexcept {
  const std::span all(content);
  SessionContent session;
  session.began = Wall(std::chrono::seconds(take(all.subspan<0, 5>())));
  session.endpoint.v6 = content[5] == 6;
  session.endpoint.port = static_cast<std::uint16_t>(take(all.subspan<6, 2>()));
  std::ranges::copy(all.subspan<8, 16>(), session.endpoint.ip.begin());
  session.backend = take(all.subspan<24, 8>());
  return session;
}

/// The secret may be of any length and alphabet.
Key derive(std::string_view secret) {
  constexpr std::string_view purpose = "pintle session 1:";
  std::string text(purpose);
  text += secret;
  Key key{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), key.data(), &size, EVP_sha256(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return key;
}

/// RFC 4648 section 5: '+' and '/' mean something to some readers of cookies.
SessionTokens::Text encode(const Sealed& sealed) noexcept {
  std::array<unsigned char, SessionTokens::length + 1> text{};  // it ends with a zero
  EVP_EncodeBlock(text.data(), sealed.data(), static_cast<int>(sealed.size()));
  SessionTokens::Text made{};
  std::transform(text.begin(), text.end() - 1, made.begin(), [](unsigned char c) {
    return c == '+' ? '-' : c == '/' ? '_' : static_cast<char>(c);
  });
  return made;
}

std::optional<Sealed> decode(std::string_view token) noexcept {
  const auto in_alphabet = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  };
  if (token.size() != SessionTokens::length || !std::ranges::all_of(token, in_alphabet)) return std::nullopt;
  std::array<unsigned char, SessionTokens::length> text{};
  std::ranges::transform(token, text.begin(), [](char c) {
    return static_cast<unsigned char>(c == '-' ? '+' : c == '_' ? '/' : c);
  });
  Sealed sealed{};
  if (EVP_DecodeBlock(sealed.data(), text.data(), static_cast<int>(text.size())) != static_cast<int>(sealed.size()))
    return std::nullopt;
  return sealed;
}

}  // namespace

/// Setting a key costs more than all else, so each use begins with a copy of a context that has one.
struct SessionTokens::Cipher {
  bool set_key(std::string_view secret) {
    Key key = derive(secret);
    const bool set = EVP_EncryptInit_ex2(sealer.get(), siv.get(), key.data(), nullptr, nullptr) == 1 &&
                     EVP_DecryptInit_ex2(opener.get(), siv.get(), key.data(), nullptr, nullptr) == 1;
    OPENSSL_cleanse(key.data(), key.size());
    return set;
  }
  bool seal(std::string_view scope, const Content& content, Sealed& out) {
    int size = 0;
    return EVP_CIPHER_CTX_copy(used.get(), sealer.get()) == 1 &&
           EVP_EncryptUpdate(used.get(), nullptr, &size, bytes_of(scope), static_cast<int>(scope.size())) == 1 &&
           EVP_EncryptUpdate(used.get(), out.data() + tag_size, &size, content.data(), content_size) == 1 &&
           EVP_CIPHER_CTX_ctrl(used.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, out.data()) == 1;
  }
  bool open(std::string_view scope, Sealed sealed, Content& out) {
    int size = 0;
    return EVP_CIPHER_CTX_copy(used.get(), opener.get()) == 1 &&
           EVP_CIPHER_CTX_ctrl(used.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, sealed.data()) == 1 &&
           EVP_DecryptUpdate(used.get(), nullptr, &size, bytes_of(scope), static_cast<int>(scope.size())) == 1 &&
           EVP_DecryptUpdate(used.get(), out.data(), &size, sealed.data() + tag_size, content_size) == 1;
  }

  using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;
  std::unique_ptr<EVP_CIPHER, FreeCipher> siv{EVP_CIPHER_fetch(nullptr, "AES-128-SIV", nullptr)};
  Context sealer{EVP_CIPHER_CTX_new()};
  Context opener{EVP_CIPHER_CTX_new()};
  Context used{EVP_CIPHER_CTX_new()};
};

SessionTokens::SessionTokens() = default;
SessionTokens::~SessionTokens() = default;

void SessionTokens::set_key(const std::shared_ptr<const Secret>& key) {
  if (key == key_) return;
  key_ = key;
  cipher_ = key ? std::make_unique<Cipher>() : nullptr;
  if (key && !cipher_->set_key(key->reveal())) cipher_ = nullptr;
}

std::optional<SessionTokens::Text> SessionTokens::seal(std::string_view scope, const SessionContent& content) {
  Sealed sealed{};
  if (!cipher_) return std::nullopt;
  if (cipher_->seal(scope, pack(content), sealed)) return encode(sealed);
  ERR_clear_error();
  return std::nullopt;
}

std::optional<SessionContent> SessionTokens::open(std::string_view scope, std::string_view token) {
  if (!cipher_) return std::nullopt;
  const std::optional<Sealed> sealed = decode(token);
  Content content{};
  if (!sealed) return std::nullopt;
  if (cipher_->open(scope, *sealed, content)) return unpack(content);
  ERR_clear_error();  // the queue is the thread's: TLS reads it too
  return std::nullopt;
}

}  // namespace pintle::proxy
