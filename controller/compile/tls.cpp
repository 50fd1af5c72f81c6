#include "controller/compile/tls.hpp"

#include <algorithm>
#include <string_view>

namespace pintle::compile {

CertTable::CertTable(std::shared_ptr<const runtime::Certs> previous) : previous_(std::move(previous)) {
  if (!previous_) return;
  for (const auto& certificate : previous_->certificates) known_.emplace(certificate->fingerprint, certificate);
}

CertId CertTable::add(const std::shared_ptr<const runtime::Certificate>& certificate) {
  const CertId fresh{static_cast<std::uint32_t>(certs_.certificates.size())};
  const auto [at, inserted] = ids_.emplace(certificate->fingerprint, fresh);
  if (!inserted) return at->second;
  const auto before = known_.find(certificate->fingerprint);
  const bool same = before != known_.end() && before->second->source == certificate->source;
  certs_.certificates.push_back(same ? before->second : certificate);
  return fresh;
}

std::shared_ptr<const runtime::Certs> CertTable::finish() && {
  if (previous_ && previous_->certificates == certs_.certificates) return previous_;
  return std::make_shared<const runtime::Certs>(std::move(certs_));
}

runtime::TlsListener make_tls_listener(ListenerId id, const resolve::ResolvedListener& listener, CertTable& certs) {
  runtime::TlsListener made{id, listener.hostname, listener.protocol, {}, listener.clients};
  for (const auto& certificate : listener.certificates) {
    const CertId cert = certs.add(certificate);
    // The same Secret named twice, or two Secrets of equal content: the first place counts.
    if (std::ranges::find(made.certificates, cert) == made.certificates.end()) made.certificates.push_back(cert);
  }
  return made;
}

void sort_by_hostname(std::vector<runtime::TlsListener>& listeners) {
  std::ranges::sort(listeners, route::precedes_host,
                    [](const runtime::TlsListener& listener) -> std::string_view { return listener.hostname; });
}

}  // namespace pintle::compile
