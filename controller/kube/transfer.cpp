#include "controller/kube/transfer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <utility>

#include <fmt/format.h>

#include <pintle/base/version.hpp>

#include "controller/api/document.hpp"
#include "controller/kube/curl.hpp"

namespace pintle::kube {
namespace {

constexpr std::size_t longest_refusal = std::size_t{1} << 20U;
constexpr long connect_timeout_ms = 10'000;

[[nodiscard]] const char* name_of(Method method) noexcept {
  switch (method) {
    case Method::Get:
      return "GET";
    case Method::Post:
      return "POST";
    case Method::Put:
      return "PUT";
    case Method::Patch:
      return "PATCH";
    case Method::Delete:
      return "DELETE";
  }
  return "GET";
}

[[nodiscard]] ErrorCode code_of(CURLcode result) noexcept {
  switch (result) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return ErrorCode::ConnectFailed;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::Timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return ErrorCode::TlsFailed;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::Exhausted;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorCode::Malformed;
    default:
      return ErrorCode::Reset;
  }
}

[[nodiscard]] curl_blob blob_of(const Secret& bytes) noexcept {
  // Copied: the connection may outlive this request.
  return {const_cast<char*>(bytes.reveal().data()), bytes.reveal().size(), CURL_BLOB_COPY};
}

/// A peer that is gone without a word is noticed by what it does not acknowledge.
int on_socket_made(void* /*unused*/, curl_socket_t socket, curlsocktype /*purpose*/) {
  const unsigned unacknowledged_ms = 30'000;
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
  return CURL_SOCKOPT_OK;
}

}  // namespace

Transfer::Transfer(boost::asio::io_context& io, std::shared_ptr<CurlLoop> loop,
                   std::shared_ptr<const ClientContext> context, Request request, Reports reports)
    : loop_(std::move(loop)),
      context_(std::move(context)),
      request_(std::move(request)),
      reports_(std::move(reports)),
      silence_(io),
      splitter_(context_->limits.line) {}

Transfer::~Transfer() { stop(); }

bool Transfer::start(std::shared_ptr<const Identity> identity) {
  identity_ = std::move(identity);
  easy_ = curl().easy_init();
  if (easy_ == nullptr) return false;
  set_options();
  set_tls();
  set_method();
  if (!identity_->token.empty()) {
    std::string line = fmt::format("Authorization: Bearer {}", identity_->token.reveal());
    add_field(line);
    explicit_bzero(line.data(), line.size());
  }
  curl().easy_setopt(easy_, CURLOPT_HTTPHEADER, fields_);
  if (is_stream()) watch_silence();
  loop_->add(easy_, weak_from_this());
  return true;
}

void Transfer::set_options() {
  std::string url = context_->server.url + request_.path;
  if (!request_.query.empty()) url += "?" + request_.query;
  const std::string& name = context_->server.tls_server_name;
  if (!name.empty() && url.starts_with("https://")) {
    // libcurl verifies the name in the URL: that becomes the one asked for, and the address is said beside it.
    const std::size_t authority = std::string_view("https://").size();
    url.replace(authority, context_->host.size(), name);
    const bool has_port = context_->host.find(':', context_->host.rfind(']') + 1) != std::string::npos;
    connect_to_ = curl().slist_append(nullptr, fmt::format("::{}{}", context_->host, has_port ? "" : ":443").c_str());
    curl().easy_setopt(easy_, CURLOPT_CONNECT_TO, connect_to_);
    add_field("Host: " + context_->host);
  }
  curl().easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl().easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "https,http");
  curl().easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl().easy_setopt(easy_, CURLOPT_PROXY, "");
  curl().easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl().easy_setopt(easy_, CURLOPT_USERAGENT, fmt::format("pintle/{}", version()).c_str());
  curl().easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "gzip");
  // Not HTTP/2: libcurl 7.88 (Debian 12) lets multiplexed answers lie when several streams of a connection are busy;
  // docs/architecture.md section 8 has the measurement.
  curl().easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl().easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
  if (!is_stream()) curl().easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  curl().easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl().easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, 15L);
  curl().easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, 5L);
  curl().easy_setopt(easy_, CURLOPT_SOCKOPTFUNCTION, &on_socket_made);
  curl().easy_setopt(easy_, CURLOPT_ERRORBUFFER, trouble_.data());
  curl().easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl().easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl().easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl().easy_setopt(easy_, CURLOPT_WRITEDATA, this);
}

void Transfer::set_tls() {
  curl().easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const bool verified = context_->server.trust == Trust::Verified;
  curl().easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, verified ? 1L : 0L);
  curl().easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, verified ? 2L : 0L);
  const Pem& authorities = context_->server.authorities;
  if (!authorities.empty()) {
    curl().easy_setopt(easy_, CURLOPT_CAPATH, nullptr);  // those of the system are not meant
    curl().easy_setopt(easy_, CURLOPT_CAINFO, authorities.path.empty() ? nullptr : authorities.path.c_str());
    if (authorities.path.empty()) {
      curl_blob blob = blob_of(authorities.bytes);
      curl().easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &blob);
    }
  }
  const auto give = [this](const Pem& pem, CURLoption by_path, CURLoption by_bytes) {
    if (!pem.path.empty()) {
      curl().easy_setopt(easy_, by_path, pem.path.c_str());
    } else if (!pem.bytes.empty()) {
      curl_blob blob = blob_of(pem.bytes);
      curl().easy_setopt(easy_, by_bytes, &blob);
    }
  };
  give(identity_->certificate, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB);
  give(identity_->key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB);
}

void Transfer::set_method() {
  add_field(fmt::format("Accept: {}", request_.accept));
  add_field("Expect:");  // a body is sent at once
  if (request_.method == Method::Get) return;
  curl().easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, name_of(request_.method));
  if (request_.body.empty() && request_.method == Method::Delete) return;
  add_field(fmt::format("Content-Type: {}", request_.content_type));
  curl().easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
  curl().easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
}

void Transfer::add_field(const std::string& line) {
  curl_slist* longer = curl().slist_append(fields_, line.c_str());
  if (longer != nullptr) fields_ = longer;
}

void Transfer::stop() noexcept {
  reports_ = {};
  silence_.cancel();
  if (easy_ == nullptr) return;
  loop_->remove(easy_);
  curl().easy_cleanup(std::exchange(easy_, nullptr));
  for (curl_slist* field = fields_; field != nullptr; field = field->next)
    explicit_bzero(field->data, strlen(field->data));  // a token lies in one
  curl().slist_free_all(std::exchange(fields_, nullptr));
  curl().slist_free_all(std::exchange(connect_to_, nullptr));
}

void Transfer::finish(Result<Response> result) {
  const auto alive = weak_from_this().lock();
  const auto done = std::exchange(reports_.done, nullptr);
  stop();
  if (done) done(std::move(result));
}

// ---- what comes ----------------------------------------------------------------------------------------------------

std::size_t Transfer::on_header(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto* self = static_cast<Transfer*>(data);
  const std::string_view line(bytes, size * count);
  const bool at_end = line == "\r\n" || line == "\n";
  if (at_end && self->is_stream() && self->status() == 200 && !std::exchange(self->opened_, true))
    self->loop_->note_news(self->easy_);
  self->heard_ = std::chrono::steady_clock::now();
  return size * count;
}

std::size_t Transfer::on_body(char* bytes, std::size_t size, std::size_t count, void* data) {
  auto* self = static_cast<Transfer*>(data);
  return self->take(std::string_view(bytes, size * count)) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool Transfer::take(std::string_view bytes) {
  heard_ = std::chrono::steady_clock::now();
  if (opened_) {
    const bool were_none = lines_.empty();
    too_large_ = !splitter_.add(bytes, lines_);
    if (were_none && !lines_.empty()) loop_->note_news(easy_);
    return !too_large_;
  }
  const std::size_t limit = is_stream() ? longest_refusal : context_->limits.body;
  too_large_ = body_.size() + bytes.size() > limit;
  if (!too_large_) body_.append(bytes);
  return !too_large_;
}

void Transfer::on_news() {
  const auto alive = shared_from_this();
  if (opened_ && !std::exchange(told_open_, true))
    if (const auto on_open = reports_.on_open) on_open();
  for (const std::string& line : std::exchange(lines_, {})) {
    const auto on_line = reports_.on_line;  // gone once the Call is
    if (!on_line) return;
    on_line(line);
  }
}

void Transfer::on_done(CURLcode result) {
  const auto alive = shared_from_this();
  if (too_large_)
    return finish(make_error(ErrorCode::TooLarge, fmt::format("the API server's answer to {} {} is larger than allowed",
                                                              name_of(request_.method), request_.path)));
  if (result != CURLE_OK) return finish(std::unexpected(error_of(result)));
  Response response{.status = status(), .body = std::move(body_), .retry_after = {}};
  curl_off_t wait = 0;
  if (curl().easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
    response.retry_after = std::chrono::seconds(wait);
  if (response.status == 401 && context_->on_unauthorized) context_->on_unauthorized();
  finish(std::move(response));
}

int Transfer::status() const noexcept {
  long code = 0;
  curl().easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &code);
  return static_cast<int>(code);
}

Error Transfer::error_of(CURLcode result) const {
  const std::string_view said(trouble_.data());
  Error out;
  out.code = code_of(result);
  out.retry = Retry::Always;
  out.context = fmt::format("{} {}{}: {}", name_of(request_.method), context_->server.url, request_.path,
                            api::visible(said.empty() ? curl().easy_strerror(result) : said));
  return out;
}

/// One timer per stream that is moved on only when it fires: events cost no system call.
void Transfer::watch_silence() {
  if (heard_ == Monotonic{}) heard_ = std::chrono::steady_clock::now();
  silence_.expires_at(heard_ + request_.timeout);
  silence_.async_wait([weak = weak_from_this()](const boost::system::error_code& fault) {
    const auto self = weak.lock();
    if (!self || fault || self->easy_ == nullptr) return;
    if (std::chrono::steady_clock::now() < self->heard_ + self->request_.timeout) return self->watch_silence();
    self->finish(
        make_error(ErrorCode::Timeout, fmt::format("GET {}{}: nothing was heard for {} ms", self->context_->server.url,
                                                   self->request_.path, self->request_.timeout.count())));
  });
}

}  // namespace pintle::kube
