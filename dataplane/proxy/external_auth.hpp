// What an authorization server is asked, and what its answer means (ExternalAuth filter, GEP-1494).
//   HTTP  a request of its own with the method, path, host and chosen fields of the client's; 200 lets it through
//   gRPC  envoy.service.auth.v3.Authorization/Check; a CheckResponse of status 0 lets it through
// Guarantees: whatever is not clearly a yes is none (fails closed); what the server adds is one field or nothing, and
// never one of the connection's. Leaves to others: connections, deadlines, what becomes of the request. Pure; any
// thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/http/request.hpp>
#include <pintle/route/filter.hpp>
#include <pintle/runtime/endpoints.hpp>

namespace pintle::proxy {

/// The client's request. Views hold while it is written.
struct CheckedRequest {
  const http::RequestHead& request;
  std::string_view head;  ///< as a backend would get it, before any filter: from the request line to the empty line
  std::string_view scheme;
  runtime::SocketAddress peer;
  runtime::SocketAddress local;
  std::string_view body;  ///< as much of it as the server is to see
};

/// The text of the whole request to the server, in HTTP/1's form also for gRPC.
[[nodiscard]] std::string write_check(const route::ExternalAuth& auth, const CheckedRequest& checked);
/// Of that request.
[[nodiscard]] http::Method method_of_check(const route::ExternalAuth& auth, const http::RequestHead& request) noexcept;

struct AuthVerdict {
  enum class Kind : std::uint8_t {
    Allowed,
    Denied,  ///< by the server, whose answer it is
    Failed   ///< no word of the server that counts
  };
  struct Line {
    std::string name;
    std::string value;
  };
  Kind kind = Kind::Failed;
  std::string detail;  ///< for log and people
  // Allowed
  route::HeaderEdits request;
  route::HeaderEdits response;
  // Denied
  std::uint16_t status = 403;
  std::vector<Line> fields;  ///< without those of the connection
  std::string body;
};

/// Takes the answer as it comes, then says what it means.
class AuthAnswer {
 public:
  static constexpr std::size_t max_body = 64 * 1024;  ///< beyond, the check has failed

  explicit AuthAnswer(const route::ExternalAuth& auth) noexcept : auth_(auth) {}
  void add_head(const http::ResponseHead& head);
  void add_payload(std::span<const char> payload);
  [[nodiscard]] AuthVerdict judge(const http::HeaderView& trailers) const;

 private:
  [[nodiscard]] AuthVerdict judge_http() const;
  [[nodiscard]] AuthVerdict judge_grpc(const http::HeaderView& trailers) const;
  [[nodiscard]] AuthVerdict fail(std::string_view why) const;
  void add_request_edits(route::HeaderEdits& edits) const;

  const route::ExternalAuth& auth_;
  std::uint16_t status_ = 0;
  std::vector<AuthVerdict::Line> fields_;
  std::string body_;
  bool too_long_ = false;
};

/// A CheckResponse. Also what is no such message has failed.
[[nodiscard]] AuthVerdict read_check_response(std::string_view message);

}  // namespace pintle::proxy
