// Certificates made for a test: an authority of its own and what it signs. Any thread.
#pragma once
#include <string>

namespace pintle::fake {

struct SignedPem {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
  /// `names` as OpenSSL writes a subjectAltName: "DNS:api.test,IP:127.0.0.1"; may be empty.
  [[nodiscard]] SignedPem sign(const std::string& common_name, const std::string& names = {}) const;

 private:
  struct Native;
  Native* native_;
  std::string certificate_;
};

}  // namespace pintle::fake
