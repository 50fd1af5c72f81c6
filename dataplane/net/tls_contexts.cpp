#include "dataplane/net/tls_contexts.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include <pintle/base/log.hpp>

namespace pintle::net {
namespace {

enum class Labels : std::uint8_t { One, Any };

/// "*.suffix" covers hosts below suffix: in a listener any number of labels, in a certificate one (RFC 6125
/// section 6.4.3).
bool covers(std::string_view pattern, std::string_view host, Labels labels) noexcept {
  if (!pattern.starts_with("*.")) return pattern == host;
  const std::string_view suffix = pattern.substr(1);
  if (host.size() <= suffix.size() || !host.ends_with(suffix)) return false;
  return labels == Labels::Any || host.substr(0, host.size() - suffix.size()).find('.') == std::string_view::npos;
}

/// 0: no name covers the host. An exact name beats any wildcard.
std::size_t rank_names(const std::vector<std::string>& names, std::string_view host) noexcept {
  constexpr std::size_t exact = 1000;
  std::size_t best = 0;
  for (const std::string& name : names) {
    if (!covers(name, host, Labels::One)) continue;
    best = std::max(best, name.size() + (name.starts_with("*.") ? 0 : exact));
  }
  return best;
}

std::array<unsigned char, 32> hash_identity(const runtime::PlannedSocket& socket,
                                            const runtime::TlsListener& listener) {
  std::string identity = socket.gateway;
  identity += '\0';
  identity += runtime::to_string(socket.address);
  identity += '\0';
  identity += listener.hostname;
  if (listener.clients) {
    identity += '\0';
    identity += listener.clients->mode == runtime::ClientValidation::Mode::ValidOnly ? 'v' : 'f';
    identity += listener.clients->ca_pem;
  }
  std::array<unsigned char, 32> digest{};
  unsigned length = 0;
  EVP_Digest(identity.data(), identity.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

/// nullptr, and it is logged, if clients could not be checked: the compiler should have caught it.
std::shared_ptr<const TlsListenerFacts> make_facts(const runtime::PlannedSocket& socket,
                                                   const runtime::TlsListener& listener, Generation generation) {
  TlsListenerFacts facts{.hostname = listener.hostname,
                         .listener = listener.listener,
                         .generation = generation,
                         .protocol = listener.protocol,
                         .session_id_context = hash_identity(socket, listener)};
  if (listener.clients) {
    auto trust = Trust::make(listener.clients->ca_pem, {});
    if (!trust) {
      log::error("clients of {} cannot be checked: {}", socket.gateway, trust.error().context);
      return nullptr;
    }
    facts.clients = std::move(*trust);
    facts.validation = listener.clients->mode;
  }
  return std::make_shared<const TlsListenerFacts>(std::move(facts));
}

}  // namespace

const TlsListenerEntry* TlsSocket::find_listener(std::string_view sni) const noexcept {
  for (const TlsListenerEntry& listener : listeners) {
    const std::string& hostname = listener.facts->hostname;
    if (hostname == "*" || (!sni.empty() && covers(hostname, sni, Labels::Any))) return &listener;
  }
  return nullptr;
}

const TlsContext* find_certificate(const TlsListenerEntry& listener, std::string_view sni) noexcept {
  if (listener.certificates.empty()) return nullptr;
  const TlsListenerEntry::Candidate* best = &listener.certificates.front();
  if (sni.empty() || listener.certificates.size() == 1) return best->context.get();
  std::size_t best_rank = 0;
  for (const auto& candidate : listener.certificates) {
    const std::size_t rank = rank_names(candidate.dns_names, sni);
    if (rank <= best_rank) continue;
    best_rank = rank;
    best = &candidate;
  }
  return best->context.get();
}

std::shared_ptr<const TlsContext> TlsContexts::find_same(const runtime::Certificate& certificate) const {
  const auto known = contexts_.find(certificate.fingerprint);
  if (known == contexts_.end()) return nullptr;
  // The fingerprint only finds: a collision must never give one tenant another's key.
  const runtime::Certificate& old = *known->second.certificate;
  if (&old != &certificate && (old.chain_pem != certificate.chain_pem || !(old.key_pem == certificate.key_pem)))
    return nullptr;
  return known->second.context;
}

Result<std::shared_ptr<const TlsContexts>> TlsContexts::build(const runtime::Compiled& compiled,
                                                              const TlsContexts* previous) {
  auto built = std::make_shared<TlsContexts>();
  if (previous != nullptr) {
    built->base_ = previous->base_;
  } else {
    auto base = TlsContext::make(nullptr);
    if (!base) return std::unexpected(std::move(base.error()));
    built->base_ = std::move(*base);
  }
  const auto context_of = [&](CertId id) -> std::shared_ptr<const TlsContext> {
    if (!compiled.certs || id.index() >= compiled.certs->certificates.size()) return nullptr;
    const auto& certificate = compiled.certs->certificates[id.index()];
    if (!certificate) return nullptr;
    if (auto same = built->find_same(*certificate)) return same;
    auto context = previous == nullptr ? nullptr : previous->find_same(*certificate);
    if (!context) {
      auto made = TlsContext::make(certificate.get());
      if (!made) {
        log::error("certificate of {} is unusable: {}", certificate->source, made.error().context);
        return nullptr;
      }
      context = std::move(*made);
    }
    built->contexts_.try_emplace(certificate->fingerprint, Known{certificate, context});
    return context;
  };
  if (!compiled.plan) return built;
  built->sockets_.resize(compiled.plan->sockets.size());
  for (std::size_t i = 0; i < compiled.plan->sockets.size(); ++i) {
    const runtime::PlannedSocket& planned = compiled.plan->sockets[i];
    if (planned.protocol != runtime::SocketProtocol::Https) continue;
    auto socket = std::make_unique<TlsSocket>();
    for (const runtime::TlsListener& listener : planned.tls) {
      TlsListenerEntry entry;
      entry.facts = make_facts(planned, listener, compiled.generation);
      if (!entry.facts) continue;
      for (const CertId id : listener.certificates)
        if (auto context = context_of(id))
          entry.certificates.push_back({std::move(context), compiled.certs->certificates[id.index()]->dns_names});
      socket->listeners.push_back(std::move(entry));
    }
    built->sockets_[i] = std::move(socket);
  }
  return built;
}

}  // namespace pintle::net
