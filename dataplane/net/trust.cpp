#include "dataplane/net/trust.hpp"

#include <algorithm>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace pintle::net {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
  void operator()(X509_STORE_CTX* check) const noexcept { X509_STORE_CTX_free(check); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// One check against one CA, under the parameters of the check asked for.
bool is_signed_by(X509* authority, X509_STORE_CTX* asked) {
  const Owned<X509_STORE> store(X509_STORE_new());
  const Owned<X509_STORE_CTX> check(X509_STORE_CTX_new());
  if (!store || !check || X509_STORE_add_cert(store.get(), authority) != 1) return false;
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  if (X509_STORE_CTX_init(check.get(), store.get(), X509_STORE_CTX_get0_cert(asked),
                          X509_STORE_CTX_get0_untrusted(asked)) != 1)
    return false;
  X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(check.get()), X509_STORE_CTX_get0_param(asked));
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(check.get()), X509_V_FLAG_PARTIAL_CHAIN);
  const bool good = X509_verify_cert(check.get()) == 1;
  X509_STORE_CTX_set_error(asked, good ? X509_V_OK : X509_STORE_CTX_get_error(check.get()));
  return good;
}

}  // namespace

Result<std::shared_ptr<const Trust>> Trust::make(std::string_view pem, PeerNames names) {
  std::shared_ptr<Trust> made(new Trust(std::move(names)));
  if (pem.empty()) return made;
  const Owned<BIO> bytes(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  while (X509* one = bytes ? PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr) : nullptr)
    made->authorities_.push_back(one);
  ERR_clear_error();
  if (made->authorities_.empty()) return make_error(ErrorCode::TlsFailed, "there is no CA certificate to check by");
  return made;
}

Trust::~Trust() {
  for (X509* authority : authorities_) X509_free(authority);
}

void Trust::install(SSL_CTX* context) const {
  if (authorities_.empty()) SSL_CTX_set_default_verify_paths(context);
  const auto ask = [](X509_STORE_CTX* check, void* self) { return static_cast<Trust*>(self)->accepts(check) ? 1 : 0; };
  SSL_CTX_set_cert_verify_callback(context, ask, const_cast<Trust*>(this));
}

bool Trust::accepts(X509_STORE_CTX* check) const {
  if (!is_signed(check)) return false;
  if (names_.empty() || has_name(X509_STORE_CTX_get0_cert(check))) return true;
  X509_STORE_CTX_set_error(check, X509_V_ERR_HOSTNAME_MISMATCH);
  return false;
}

/// OpenSSL looks an issuer up by its name and takes the first that fits; with several of one name each must be tried.
bool Trust::is_signed(X509_STORE_CTX* check) const {
  if (authorities_.empty()) return X509_verify_cert(check) == 1;
  return std::ranges::any_of(authorities_, [check](X509* authority) { return is_signed_by(authority, check); });
}

bool Trust::has_name(X509* leaf) const {
  // Never the subject: who asks for a certificate often chooses its common name freely (RFC 9525 section 2).
  constexpr unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  const auto is_host = [leaf](const std::string& name) {
    return X509_check_host(leaf, name.data(), name.size(), flags, nullptr) == 1;
  };
  if (std::ranges::any_of(names_.dns, is_host)) return true;
  if (names_.uris.empty()) return false;
  const Owned<GENERAL_NAMES> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr)));
  for (int at = 0; at < sk_GENERAL_NAME_num(list.get()); ++at) {
    const GENERAL_NAME* one = sk_GENERAL_NAME_value(list.get(), at);
    if (one->type != GEN_URI) continue;
    const ASN1_IA5STRING* text = one->d.uniformResourceIdentifier;
    const std::string_view uri(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                               static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (std::ranges::find(names_.uris, uri) != names_.uris.end()) return true;
  }
  return false;
}

}  // namespace pintle::net
