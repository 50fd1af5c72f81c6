#include "dataplane/proxy/auth_check.hpp"

#include <utility>

#include <fmt/format.h>

namespace pintle::proxy {

AuthCheck::~AuthCheck() {
  if (question_ != nullptr) question_->abandon();
}

void AuthCheck::ask(SideTarget target, const CheckedRequest& checked) {
  asked_ = true;
  target.method = method_of_check(auth_, checked.request);
  target.limit = shared_.settings.timeouts.external_auth;
  target.user = this;
  // A server that answers without reading a body takes it for its next request: the answer to that, which the client
  // wrote, must not be the answer to anybody's question.
  target.keep_link = auth_.protocol == route::ExternalAuth::Protocol::Grpc || checked.body.empty();
  const std::string text = write_check(auth_, checked);
  const iovec piece{const_cast<char*>(text.data()), text.size()};
  auto started = SideRequest::start(shared_, std::move(target), {&piece, 1});
  if (!started) return on_side_failed(started.error().context);
  question_ = *started;
  question_->finish();
}

void AuthCheck::on_side_end(const http::HeaderView& trailers) {
  question_ = nullptr;
  verdict_ = answer_.judge(trailers);
  user_.on_checked(verdict_);
}

void AuthCheck::on_side_failed(std::string_view detail) {
  question_ = nullptr;
  verdict_.detail = fmt::format("authorization server {}: {}", auth_.name, detail);
  user_.on_checked(verdict_);
}

}  // namespace pintle::proxy
