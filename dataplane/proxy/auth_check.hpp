// One question to an authorization server about a request, and its answer.
//
//   make ── ask ──> SideRequest ── head, payload, end ──> AuthAnswer ──> verdict(), user told
//                        └── failed, no answer in time ──> verdict(): Failed
//
// Guarantees: there is a verdict once its user was told, never before; no question outlives its check. Owner: the
// exchange, until it has ended: its verdict holds what the forwarded head takes from it. Worker thread.
#pragma once
#include <string>

#include "dataplane/proxy/external_auth.hpp"
#include "dataplane/proxy/side_request.hpp"

namespace pintle::proxy {

class AuthCheck final : private SideUser {
 public:
  class User {
   public:
    /// May be the end of the check.
    virtual void on_checked(const AuthVerdict& verdict) = 0;

   protected:
    ~User() = default;
  };

  AuthCheck(Shared& shared, const route::ExternalAuth& auth, User& user) noexcept
      : shared_(shared), auth_(auth), user_(user), answer_(auth) {}
  ~AuthCheck();
  AuthCheck(const AuthCheck&) = delete;
  AuthCheck& operator=(const AuthCheck&) = delete;

  /// Sends the question. `target`: without method, limit and user. May tell the user at once, and so end the check.
  void ask(SideTarget target, const CheckedRequest& checked);
  [[nodiscard]] bool is_asked() const noexcept { return asked_; }
  [[nodiscard]] const route::ExternalAuth& auth() const noexcept { return auth_; }
  [[nodiscard]] const AuthVerdict& verdict() const noexcept { return verdict_; }

 private:
  // SideUser
  void on_side_head(const http::ResponseHead& head) override { answer_.add_head(head); }
  void on_side_payload(std::span<const char> payload) override { answer_.add_payload(payload); }
  void on_side_end(const http::HeaderView& trailers) override;
  void on_side_failed(std::string_view detail) override;

  Shared& shared_;
  const route::ExternalAuth& auth_;
  User& user_;
  SideRequest* question_ = nullptr;
  bool asked_ = false;
  AuthAnswer answer_;
  AuthVerdict verdict_;
};

}  // namespace pintle::proxy
