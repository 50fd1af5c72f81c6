#include "controller/resolve/certificates.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <ctime>

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace pintle::resolve {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  void operator()(EVP_MD_CTX* digest) const noexcept { EVP_MD_CTX_free(digest); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// Without it OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char*, int, int, void*) { return -1; }

Owned<BIO> open_pem(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// The whole chain, leaf first. Empty if any block does not parse: half a chain would fail at some clients only.
std::vector<Owned<X509>> parse_chain(std::string_view pem) {
  std::vector<Owned<X509>> chain;
  const Owned<BIO> bytes = open_pem(pem);
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(bytes.get(), nullptr, no_pass_phrase, nullptr)) chain.emplace_back(one);
  const unsigned long end = ERR_peek_last_error();
  const bool complete = ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
  if (!complete) chain.clear();
  ERR_clear_error();
  return chain;
}

/// Why no TLS server would take the pair; nullptr if it does.
const char* find_fault(const std::vector<Owned<X509>>& chain, EVP_PKEY* key) {
  const Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_security_level(context.get(), 2);
  const char* fault = nullptr;
  if (X509_check_private_key(chain.front().get(), key) != 1)
    fault = "tls.key is not the key of the first certificate in tls.crt";
  else if (SSL_CTX_use_certificate(context.get(), chain.front().get()) != 1)
    fault = "the key is too weak; use RSA with 2048 bits or more, or P-256";
  else if (SSL_CTX_use_PrivateKey(context.get(), key) != 1)
    fault = "tls.key is of a kind TLS cannot use";
  for (std::size_t at = 1; fault == nullptr && at < chain.size(); ++at)
    if (SSL_CTX_add1_chain_cert(context.get(), chain[at].get()) != 1)
      fault = "a certificate of the chain is too weak; use RSA with 2048 bits or more, or P-256";
  ERR_clear_error();
  return fault;
}

/// Lower case; empty for a name with bytes no host name has, NUL above all (req 56).
std::string read_name(const ASN1_STRING* text) {
  const std::string_view bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
  std::string name;
  for (const char letter : bytes) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte <= 0x20 || byte >= 0x7f) return {};
    name.push_back(static_cast<char>(std::tolower(byte)));
  }
  return name;
}

std::vector<std::string> read_names(X509* leaf) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  for (int at = 0; at < sk_GENERAL_NAME_num(list.get()); ++at) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(list.get(), at);
    if (one->type != GEN_DNS) continue;
    if (std::string name = read_name(one->d.dNSName); !name.empty()) names.push_back(std::move(name));
  }
  if (list) return names;
  const X509_NAME* subject = X509_get_subject_name(leaf);
  const int common = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (common < 0) return names;
  if (std::string name = read_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, common))); !name.empty())
    names.push_back(std::move(name));
  return names;
}

std::int64_t read_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  const std::chrono::sys_seconds moment = std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
                                          std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
  return moment.time_since_epoch().count();
}

std::string read_serial(X509* leaf) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get_serialNumber(leaf), nullptr));
  char* text = number ? BN_bn2hex(number.get()) : nullptr;
  std::string serial = text != nullptr ? text : "";
  OPENSSL_free(text);
  return serial;
}

/// Of a SHA-256 digest: two different pairs do not get one value by any craft of their owners.
std::uint64_t fingerprint_of(std::string_view chain, std::string_view key) {
  const Owned<EVP_MD_CTX> digest(EVP_MD_CTX_new());
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  const auto length = static_cast<std::uint64_t>(chain.size());
  EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(digest.get(), &length, sizeof length);
  EVP_DigestUpdate(digest.get(), chain.data(), chain.size());
  EVP_DigestUpdate(digest.get(), key.data(), key.size());
  EVP_DigestFinal_ex(digest.get(), bytes.data(), nullptr);
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < sizeof value; ++at) value = value << 8U | bytes[at];
  return value;
}

}  // namespace

CertificateResult read_certificate(const api::Secret& secret) {
  const pintle::Secret* chain_pem = secret.find("tls.crt");
  const pintle::Secret* key_pem = secret.find("tls.key");
  if (chain_pem == nullptr || chain_pem->empty()) return std::unexpected("it has no tls.crt");
  if (key_pem == nullptr || key_pem->empty()) return std::unexpected("it has no tls.key");
  const std::vector<Owned<X509>> chain = parse_chain(chain_pem->reveal());
  if (chain.empty()) return std::unexpected("tls.crt is not a chain of PEM certificates");
  const Owned<BIO> key_bytes = open_pem(key_pem->reveal());
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_bytes.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!key) return std::unexpected("tls.key is not a PEM private key without pass phrase");
  if (const char* fault = find_fault(chain, key.get())) return std::unexpected(fault);

  auto made = std::make_shared<runtime::Certificate>();
  made->source = secret.metadata.ns + '/' + secret.metadata.name;
  made->chain_pem = std::string(chain_pem->reveal());
  made->key_pem = pintle::Secret(std::string(key_pem->reveal()));
  made->dns_names = read_names(chain.front().get());
  made->not_after = read_time(X509_get0_notAfter(chain.front().get()));
  made->serial = read_serial(chain.front().get());
  made->fingerprint = fingerprint_of(made->chain_pem, made->key_pem.reveal());
  return made;
}

bool holds_certificates(std::string_view pem) { return !parse_chain(pem).empty(); }

const ShelvedCertificate* CertificateShelf::find(const store::ClusterSnapshot& snapshot, const std::string& ns,
                                                 const std::string& name) {
  api::Ptr<api::Secret> secret = snapshot.find_shared<api::Secret>(ns, name);
  if (!secret) return nullptr;
  Slot& slot = slots_[{ns, name}];
  if (slot.secret != secret) {
    ShelvedCertificate& held = slot.held;
    CertificateResult fresh = read_certificate(*secret);
    held.fault = fresh ? std::string() : std::move(fresh.error());
    // Equal content keeps its pointer: a label on the Secret is no new certificate.
    if (fresh && !(held.certificate && held.certificate->fingerprint == (*fresh)->fingerprint))
      held.certificate = std::move(*fresh);
    slot.secret = std::move(secret);
  }
  slot.used = true;
  return &slot.held;
}

void CertificateShelf::sweep() {
  std::erase_if(slots_, [](const auto& item) { return !item.second.used; });
  for (auto& [name, slot] : slots_) slot.used = false;
}

}  // namespace pintle::resolve
