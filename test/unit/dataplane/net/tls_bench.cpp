#include "test/unit/dataplane/net/tls_bench.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace pintle::net {
namespace {

std::string take_all(BIO* bio) {
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(length));
  BIO_free(bio);
  return text;
}

std::vector<std::string> split_names(const std::string& names) {
  std::vector<std::string> all;
  for (std::size_t from = 0; from <= names.size();) {
    const std::size_t comma = std::min(names.find(',', from), names.size());
    all.push_back(names.substr(from, comma - from));
    from = comma + 1;
  }
  return all;
}

}  // namespace

std::shared_ptr<const runtime::Certificate> make_certificate(const std::vector<std::string>& names) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* leaf = X509_new();
  X509_set_version(leaf, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(leaf), 1);
  X509_gmtime_adj(X509_getm_notBefore(leaf), -3600);
  X509_gmtime_adj(X509_getm_notAfter(leaf), 24 * 3600);
  X509_set_pubkey(leaf, key);
  X509_NAME* name = X509_get_subject_name(leaf);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(names.front().c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(leaf, name);
  X509_sign(leaf, key, EVP_sha256());

  auto certificate = std::make_shared<runtime::Certificate>();
  certificate->source = "test/" + names.front();
  certificate->dns_names = names;
  BIO* chain = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(chain, leaf);
  certificate->chain_pem = take_all(chain);
  BIO* key_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  certificate->key_pem = Secret(take_all(key_pem));
  certificate->fingerprint = std::hash<std::string>{}(certificate->chain_pem);
  X509_free(leaf);
  EVP_PKEY_free(key);
  return certificate;
}

TlsBench::TlsBench(const std::vector<ListenerSpec>& listeners) {
  auto plan = std::make_shared<runtime::ListenerPlan>();
  auto certs = std::make_shared<runtime::Certs>();
  runtime::PlannedSocket socket;
  socket.protocol = runtime::SocketProtocol::Https;
  socket.gateway = "default/edge";
  std::uint32_t id = 0;
  for (const ListenerSpec& spec : listeners) {
    runtime::TlsListener listener{.listener = {id++}, .hostname = spec.hostname, .certificates = {}};
    for (const std::string& names : spec.certificates) {
      listener.certificates.push_back(CertId{static_cast<std::uint32_t>(certs->certificates.size())});
      certs->certificates.push_back(make_certificate(split_names(names)));
    }
    socket.tls.push_back(std::move(listener));
  }
  plan->sockets.push_back(std::move(socket));
  compiled.generation = Generation{1};
  compiled.plan = std::move(plan);
  compiled.certs = std::move(certs);
  contexts = TlsContexts::build(compiled, nullptr).value();
  rotate_tickets();
}

void TlsBench::rotate_tickets() {
  ring_ = TicketRing::rotate(ring_.get());
  worker.set_tickets(ring_);
}

TlsBench::Accepted TlsBench::accept() {
  SocketPair pair;
  const int fd = pair.ours.get();
  Accepted accepted{Connection(std::move(pair.ours), {}, {}), std::move(pair.theirs)};
  accepted.server.attach_tls(
      std::move(TlsStream::accept(fd, worker, contexts, *contexts->find_socket(SocketId{0})).value()));
  return accepted;
}

TlsClient::TlsClient(const ClientSettings& settings) : context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
  SSL_CTX_set_security_level(context_, 0);
  SSL_CTX_set_min_proto_version(context_, settings.min_version);
  SSL_CTX_set_max_proto_version(context_, settings.max_version);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, on_new_session);
  SSL_CTX_set_info_callback(context_, on_info);
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, this);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_), -1);
  if (!settings.sni.empty()) SSL_set_tlsext_host_name(ssl_, settings.sni.c_str());
  if (!settings.alpn.empty())
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(settings.alpn.data()),
                        static_cast<unsigned>(settings.alpn.size()));
  if (settings.session != nullptr) SSL_set_session(ssl_, settings.session);
  SSL_set_connect_state(ssl_);
}

TlsClient::~TlsClient() {
  // Without it OpenSSL takes the connection for broken and spoils the tickets that came over it.
  SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_SESSION_free(session_);
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

int TlsClient::on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto& self = *static_cast<TlsClient*>(SSL_get_app_data(ssl));
  SSL_SESSION_free(std::exchange(self.session_, session));
  return 1;
}

void TlsClient::on_info(const SSL* ssl, int where, int code) {
  if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
    static_cast<TlsClient*>(SSL_get_app_data(ssl))->alert_ = SSL_alert_desc_string_long(code);
}

void TlsClient::step() {
  if (!done_) done_ = SSL_do_handshake(ssl_) == 1;
}

std::string TlsClient::take() {
  std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_)), '\0');
  if (!bytes.empty()) BIO_read(SSL_get_wbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsClient::give(std::string_view bytes) {
  if (!bytes.empty()) BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
}

IoResult TlsClient::shake(TlsBench::Accepted& accepted) {
  IoResult result;
  for (int round = 0; round < 6; ++round) {
    step();
    if (const std::string bytes = take(); !bytes.empty()) send_text(accepted.peer, bytes);
    result = accepted.server.handshake();
    static_cast<void>(accepted.server.flush());  // as a session does that finds no request
    give(take_text(accepted.peer));
  }
  step();
  return result;
}

void TlsClient::write(TlsBench::Accepted& accepted, std::string_view text) {
  EXPECT_EQ(SSL_write(ssl_, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
  send_text(accepted.peer, take());
}

std::string TlsClient::read(TlsBench::Accepted& accepted) {
  give(take_text(accepted.peer));
  std::string text;
  char part[16'384];
  for (int n = SSL_read(ssl_, part, sizeof part); n > 0; n = SSL_read(ssl_, part, sizeof part))
    text.append(part, static_cast<std::size_t>(n));
  return text;
}

// The callback is not told of a ticket that TLS 1.2 replaces on resumption.
SSL_SESSION* TlsClient::take_session() {
  return SSL_version(ssl_) == TLS1_3_VERSION ? std::exchange(session_, nullptr) : SSL_get1_session(ssl_);
}

std::string TlsClient::certificate_name() const {
  X509* shown = SSL_get1_peer_certificate(ssl_);
  if (shown == nullptr) return "";
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
  X509_free(shown);
  return name;
}

SSL_SESSION* earn_ticket(TlsBench& bench, const ClientSettings& settings) {
  auto accepted = bench.accept();
  TlsClient client(settings);
  EXPECT_EQ(client.shake(accepted).status, IoStatus::Ok);
  static_cast<void>(client.read(accepted));
  return client.take_session();
}

}  // namespace pintle::net
