// Certificates of HTTPS listeners, from Secrets.
#pragma once
#include <expected>
#include <map>
#include <memory>
#include <string>

#include <pintle/runtime/compiled.hpp>

#include "controller/api/any_object.hpp"
#include "controller/store/store.hpp"

namespace pintle::resolve {

using CertificatePtr = std::shared_ptr<const runtime::Certificate>;
/// A certificate that any TLS stack would take, or why not, for people. Never holds a byte of the key (req 58).
using CertificateResult = std::expected<CertificatePtr, std::string>;

/// PEM chain in tls.crt, its key in tls.key, checked to belong together and to be strong enough to be served (OpenSSL's
/// security level 2, that of the data plane). Whether it has expired is a matter of time, hence not judged here.
[[nodiscard]] CertificateResult read_certificate(const api::Secret& secret);

/// One PEM certificate at least, and nothing among them that is none.
[[nodiscard]] bool holds_certificates(std::string_view pem);

/// What a Secret gives a listener. Both are set when its content is bad and the certificate it held before stays in use
/// (req 57): a slip in a rotation is told, and is no outage.
struct ShelvedCertificate {
  CertificatePtr certificate;
  std::string fault;
};

/// Reads each Secret once, and again only when it is another object.
class CertificateShelf {
 public:
  /// nullptr if there is no such Secret. Lives until the next sweep() but one.
  [[nodiscard]] const ShelvedCertificate* find(const store::ClusterSnapshot& snapshot, const std::string& ns,
                                               const std::string& name);
  /// Forgets what was not asked for since the last call.
  void sweep();

 private:
  struct Slot {
    api::Ptr<api::Secret> secret;
    ShelvedCertificate held;
    bool used = false;
  };
  std::map<std::pair<std::string, std::string>, Slot> slots_;
};

}  // namespace pintle::resolve
