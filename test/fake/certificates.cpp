#include "test/fake/certificates.hpp"

#include <cstdlib>
#include <memory>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace pintle::fake {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* native) const noexcept {
    Free(native);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;

void expect(bool holds) {
  if (!holds) std::abort();
}

template <class Write>
[[nodiscard]] std::string pem_of(Write write) {
  const std::unique_ptr<BIO, Freed<BIO_free_all>> out(BIO_new(BIO_s_mem()));
  expect(write(out.get()) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

void add_extension(X509* certificate, int id, const std::string& value) {
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str()));
  expect(made && X509_add_ext(certificate, made.get(), -1) == 1);
}

[[nodiscard]] Certificate make(const std::string& name, EVP_PKEY* key) {
  static long serial = 0;
  Certificate made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 24L * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  expect(X509_set_pubkey(made.get(), key) == 1);
  return made;
}

}  // namespace

struct Authority::Native {
  Key key;
  Certificate certificate;
};

Authority::Authority(const std::string& name) : native_(new Native) {
  native_->key.reset(EVP_EC_gen("P-256"));
  native_->certificate = make(name, native_->key.get());
  X509* own = native_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, NID_basic_constraints, "critical,CA:TRUE");
  expect(X509_sign(own, native_->key.get(), EVP_sha256()) > 0);
  certificate_ = pem_of([own](BIO* out) { return PEM_write_bio_X509(out, own); });
}

Authority::~Authority() { delete native_; }

SignedPem Authority::sign(const std::string& common_name, const std::string& names) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate made = make(common_name, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(native_->certificate.get()));
  if (!names.empty()) add_extension(made.get(), NID_subject_alt_name, names);
  expect(X509_sign(made.get(), native_->key.get(), EVP_sha256()) > 0);
  return {.certificate = pem_of([&](BIO* out) { return PEM_write_bio_X509(out, made.get()); }),
          .key = pem_of([&](BIO* out) {
            return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace pintle::fake
