// X.509 of the own CA: keys, its certificate, those it signs. Internal to internal_ca. The only place that knows
// OpenSSL's X.509 builder. Functions give null when OpenSSL fails; its error queue is left empty.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/secret.hpp>

struct evp_pkey_st;
struct x509_st;

namespace pintle::app {

struct FreeCrypto {
  void operator()(evp_pkey_st* key) const noexcept;
  void operator()(x509_st* certificate) const noexcept;
};
using KeyPtr = std::unique_ptr<evp_pkey_st, FreeCrypto>;
using CertificatePtr = std::unique_ptr<x509_st, FreeCrypto>;

struct Validity {
  Wall from;
  Wall to;
};

[[nodiscard]] KeyPtr make_key();
[[nodiscard]] CertificatePtr make_ca_certificate(evp_pkey_st& key, const Validity& validity);
/// `names`: DNS names, or literal IPs.
[[nodiscard]] CertificatePtr make_leaf_certificate(evp_pkey_st& leaf_key, const std::set<std::string>& names,
                                                   const Validity& validity, x509_st& ca, evp_pkey_st& ca_key);

[[nodiscard]] std::string to_pem(x509_st& certificate);
[[nodiscard]] Secret to_pem(evp_pkey_st& key);
[[nodiscard]] CertificatePtr read_certificate(std::string_view pem);
[[nodiscard]] KeyPtr read_key(std::string_view pem);

[[nodiscard]] bool belongs_together(x509_st& certificate, evp_pkey_st& key);
/// True for a certificate that may sign others.
[[nodiscard]] bool is_ca(x509_st& certificate);
[[nodiscard]] Wall end_of(x509_st& certificate);
[[nodiscard]] std::string serial_of(x509_st& certificate);
/// Of the DER form; equal certificates, equal value.
[[nodiscard]] std::uint64_t fingerprint_of(x509_st& certificate);

}  // namespace pintle::app
