// The settings of req 53, read back from OpenSSL, and what a context refuses to be made of.
#include <gtest/gtest.h>

#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::net {
namespace {

TEST(TlsContext, Settings) {
  const auto context = TlsContext::make(nullptr);
  ASSERT_TRUE(context);
  SSL_CTX* native = (*context)->native();
  const std::uint64_t options = SSL_CTX_get_options(native);
  for (const std::uint64_t wanted :
       {SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_COMPRESSION, SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_IGNORE_UNEXPECTED_EOF})
    EXPECT_NE(options & wanted, 0u) << std::hex << wanted;
  EXPECT_EQ(options & (SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SSL_OP_ALLOW_CLIENT_RENEGOTIATION), 0u);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(native), TLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_get_max_proto_version(native), TLS1_3_VERSION);
  EXPECT_EQ(SSL_CTX_get_max_early_data(native), 0u);
  EXPECT_EQ(SSL_CTX_get_recv_max_early_data(native), 0u);
  EXPECT_EQ(SSL_CTX_get_num_tickets(native), 1u);
  EXPECT_EQ(SSL_CTX_get_session_cache_mode(native), SSL_SESS_CACHE_OFF);
  EXPECT_EQ(SSL_CTX_get_verify_mode(native), SSL_VERIFY_NONE);
}

TEST(TlsContext, CiphersAreForwardSecretAndAuthenticated) {
  const auto context = TlsContext::make(nullptr);
  ASSERT_TRUE(context);
  STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers((*context)->native());
  ASSERT_GT(sk_SSL_CIPHER_num(ciphers), 3);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    EXPECT_TRUE(exchange == NID_kx_ecdhe || exchange == NID_kx_any) << SSL_CIPHER_get_name(cipher);
    EXPECT_EQ(SSL_CIPHER_is_aead(cipher), 1) << SSL_CIPHER_get_name(cipher);
  }
}

TEST(TlsContext, RefusesWhatIsNoPairOfCertificateAndKey) {
  const auto good = make_certificate({"a.example.com"});
  const auto other = make_certificate({"a.example.com"});
  EXPECT_TRUE(TlsContext::make(good.get()));
  struct Row {
    std::string chain;
    std::string key;
    const char* says;
  };
  for (const Row& row : {Row{"", std::string(good->key_pem.reveal()), "the certificate is not PEM"},
                         Row{good->chain_pem, "", "the private key is not PEM"},
                         Row{good->chain_pem, std::string(other->key_pem.reveal()), "private key"}}) {
    runtime::Certificate certificate;
    certificate.chain_pem = row.chain;
    certificate.key_pem = Secret(std::string(row.key));
    const auto made = TlsContext::make(&certificate);
    ASSERT_FALSE(made) << row.says;
    EXPECT_EQ(made.error().code, ErrorCode::TlsFailed);
    EXPECT_NE(made.error().context.find(row.says), std::string::npos) << made.error().context;
    EXPECT_EQ(made.error().context.find("BEGIN"), std::string::npos) << "nothing of a key is told";
  }
}

TEST(TlsContexts, UnusableCertificateIsLeftOutAndTheOthersServe) {
  TlsBench bench({{"a.example.com", {"a.example.com"}}, {"b.example.com", {"b.example.com"}}});
  auto certs = std::make_shared<runtime::Certs>(*bench.compiled.certs);
  auto broken = std::make_shared<runtime::Certificate>();
  broken->source = "test/broken";
  broken->chain_pem = "nonsense";
  broken->fingerprint = 1;
  certs->certificates[0] = std::move(broken);
  bench.compiled.certs = std::move(certs);
  bench.contexts = TlsContexts::build(bench.compiled, bench.contexts.get()).value();
  auto refused = bench.accept();
  TlsClient unlucky({.sni = "a.example.com"});
  EXPECT_EQ(unlucky.shake(refused).status, IoStatus::Error);
  auto accepted = bench.accept();
  TlsClient client({.sni = "b.example.com"});
  EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok);
}

// The fingerprint only finds: equal ones of different content must not share a key.
TEST(TlsContexts, CollidingFingerprintsDoNotShare) {
  TlsBench bench({{"a.example.com", {"a.example.com"}}, {"b.example.com", {"b.example.com"}}});
  auto certs = std::make_shared<runtime::Certs>();
  for (const char* name : {"a.example.com", "b.example.com"}) {
    auto certificate = std::const_pointer_cast<runtime::Certificate>(make_certificate({name}));
    certificate->fingerprint = 7;
    certs->certificates.push_back(std::move(certificate));
  }
  bench.compiled.certs = std::move(certs);
  bench.contexts = TlsContexts::build(bench.compiled, nullptr).value();
  for (const char* name : {"a.example.com", "b.example.com"}) {
    auto accepted = bench.accept();
    TlsClient client({.sni = name});
    EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok);
    EXPECT_EQ(client.certificate_name(), name);
  }
}

}  // namespace
}  // namespace pintle::net
