#include "src/app/ca_issue.hpp"

#include <array>
#include <cstring>

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <pintle/runtime/endpoints.hpp>

namespace pintle::app {
namespace {

struct FreeMore {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};
template <class T>
using Owned = std::unique_ptr<T, FreeMore>;

/// Leaves no old fault behind for whoever looks at the queue next.
class CleanQueue {
 public:
  CleanQueue() noexcept { ERR_clear_error(); }
  ~CleanQueue() { ERR_clear_error(); }
  CleanQueue(const CleanQueue&) = delete;
  CleanQueue& operator=(const CleanQueue&) = delete;
};

[[nodiscard]] bool set_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7fU) | 0x40U);  // positive, of a fixed length
  const Owned<BIGNUM> number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

[[nodiscard]] bool set_common(X509& certificate, EVP_PKEY& key, const Validity& validity) {
  return X509_set_version(&certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         ASN1_TIME_set(X509_getm_notBefore(&certificate), validity.from.time_since_epoch().count()) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), validity.to.time_since_epoch().count()) != nullptr &&
         X509_set_pubkey(&certificate, &key) == 1;
}

[[nodiscard]] bool add_name(X509_NAME* name, const char* part, std::string_view text) {
  return X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

[[nodiscard]] bool add_extension(X509& certificate, X509& issuer, int id, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

[[nodiscard]] std::string alternative_names(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    runtime::SocketAddress ignored;
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", runtime::parse_ip(name, ignored) ? "IP" : "DNS", name);
  }
  return text;
}

template <class Write>
[[nodiscard]] std::string write_pem(Write&& write) {
  const CleanQueue queue;
  const Owned<BIO> memory(BIO_new(BIO_s_secmem()));
  if (!memory || !write(memory.get())) return {};
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(memory.get(), &bytes);
  return length > 0 ? std::string(bytes, static_cast<std::size_t>(length)) : std::string();
}

[[nodiscard]] Owned<BIO> open_pem(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
// Without it OpenSSL would ask the terminal for the pass phrase of an encrypted key.
int no_pass_phrase(char* /*buffer*/, int /*size*/, int /*write*/, void* /*user*/) { return -1; }

}  // namespace

void FreeCrypto::operator()(evp_pkey_st* key) const noexcept { EVP_PKEY_free(key); }
void FreeCrypto::operator()(x509_st* certificate) const noexcept { X509_free(certificate); }

KeyPtr make_key() {
  const CleanQueue queue;
  return KeyPtr(EVP_EC_gen("P-256"));
}

CertificatePtr make_ca_certificate(evp_pkey_st& key, const Validity& validity) {
  const CleanQueue queue;
  CertificatePtr made(X509_new());
  if (!made) return nullptr;
  X509& ca = *made;
  X509_NAME* name = X509_get_subject_name(&ca);
  const bool good = set_common(ca, key, validity) && add_name(name, "O", "Pintle") &&
                    add_name(name, "CN", "Pintle own CA of this machine") && X509_set_issuer_name(&ca, name) == 1 &&
                    add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(ca, ca, NID_subject_key_identifier, "hash") && X509_sign(&ca, &key, EVP_sha256()) > 0;
  return good ? std::move(made) : nullptr;
}

CertificatePtr make_leaf_certificate(evp_pkey_st& leaf_key, const std::set<std::string>& names,
                                     const Validity& validity, x509_st& ca, evp_pkey_st& ca_key) {
  const CleanQueue queue;
  CertificatePtr made(X509_new());
  if (!made) return nullptr;
  X509& leaf = *made;
  // No common name: it holds 64 characters at most, a host name up to 253. The names stand in the extension alone,
  // which is critical then (RFC 5280 section 4.2.1.6).
  const bool good = set_common(leaf, leaf_key, validity) && add_name(X509_get_subject_name(&leaf), "O", "Pintle") &&
                    X509_set_issuer_name(&leaf, X509_get_subject_name(&ca)) == 1 &&
                    add_extension(leaf, ca, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(leaf, ca, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(leaf, ca, NID_ext_key_usage, "serverAuth") &&
                    add_extension(leaf, ca, NID_authority_key_identifier, "keyid:always") &&
                    add_extension(leaf, ca, NID_subject_alt_name, alternative_names(names)) &&
                    X509_sign(&leaf, &ca_key, EVP_sha256()) > 0;
  return good ? std::move(made) : nullptr;
}

std::string to_pem(x509_st& certificate) {
  return write_pem([&](BIO* memory) { return PEM_write_bio_X509(memory, &certificate) == 1; });
}
Secret to_pem(evp_pkey_st& key) {
  return Secret(write_pem(
      [&](BIO* memory) { return PEM_write_bio_PrivateKey(memory, &key, nullptr, nullptr, 0, nullptr, nullptr) == 1; }));
}

CertificatePtr read_certificate(std::string_view pem) {
  const CleanQueue queue;
  const auto memory = open_pem(pem);
  return CertificatePtr(memory ? PEM_read_bio_X509(memory.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
}
KeyPtr read_key(std::string_view pem) {
  const CleanQueue queue;
  const auto memory = open_pem(pem);
  return KeyPtr(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, no_pass_phrase, nullptr) : nullptr);
}

bool belongs_together(x509_st& certificate, evp_pkey_st& key) {
  const CleanQueue queue;
  return X509_check_private_key(&certificate, &key) == 1;
}
bool is_ca(x509_st& certificate) {
  const CleanQueue queue;
  return X509_check_ca(&certificate) == 1;
}

Wall end_of(x509_st& certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return {};
  return Wall(std::chrono::seconds(timegm(&parts)));
}

std::string serial_of(x509_st& certificate) {
  const Owned<BIGNUM> number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr));
  char* text = number ? BN_bn2hex(number.get()) : nullptr;
  std::string serial = text == nullptr ? std::string() : std::string(text);
  OPENSSL_free(text);
  return serial;
}

std::uint64_t fingerprint_of(x509_st& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  std::uint64_t value = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &length) == 1)
    std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace pintle::app
