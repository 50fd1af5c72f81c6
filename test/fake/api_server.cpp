#include "test/fake/api_server.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <openssl/x509.h>

namespace pintle::fake {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;
using TlsStream = asio::ssl::stream<tcp::socket>;

[[nodiscard]] tcp::socket& socket_of(tcp::socket& socket) { return socket; }
[[nodiscard]] tcp::socket& socket_of(TlsStream& stream) { return stream.next_layer(); }

[[nodiscard]] SeenRequest parse_head(std::string_view head) {
  SeenRequest out;
  const auto take_line = [&head] {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(head.size(), end + 2));
    return line;
  };
  const std::string_view first = take_line();
  const std::size_t space = first.find(' ');
  out.method = first.substr(0, space);
  out.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  while (!head.empty()) {
    const std::string_view line = take_line();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) break;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.fields[name] = line.substr(std::min(line.size(), colon + 2));
  }
  return out;
}

void note_peer(tcp::socket& /*socket*/, SeenRequest& /*request*/) {}
void note_peer(TlsStream& stream, SeenRequest& request) {
  SSL* ssl = stream.native_handle();
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) request.server_name = name;
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return;
  std::string name(64, '\0');
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(), 64);
  request.client = name.substr(0, static_cast<std::size_t>(std::max(size, 0)));
  X509_free(certificate);
}

struct Session {
  virtual ~Session() = default;
  virtual void say(std::string bytes) = 0;
  virtual void end(Reply::Then how) = 0;
};

}  // namespace

struct ApiServer::State : std::enable_shared_from_this<State> {
  State(asio::io_context& context, Script answers)
      : io(context),
        acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        script(std::move(answers)) {}
  void accept();
  template <class Stream>
  void serve(std::shared_ptr<Stream> stream);

  asio::io_context& io;
  tcp::acceptor acceptor;
  Script script;
  std::optional<asio::ssl::context> tls;
  std::vector<SeenRequest> seen;
  std::vector<std::shared_ptr<Session>> sessions;
  std::weak_ptr<Session> held;
};

namespace {

template <class Stream, class Owner>
struct StreamSession final : Session, std::enable_shared_from_this<StreamSession<Stream, Owner>> {
  StreamSession(std::weak_ptr<Owner> server, std::shared_ptr<Stream> connected)
      : owner(std::move(server)), stream(std::move(connected)) {}

  void read() {
    asio::async_read_until(*stream, asio::dynamic_buffer(input), "\r\n\r\n",
                           [self = this->shared_from_this()](const Fault& fault, std::size_t size) {
                             if (!fault) self->on_head(size);
                           });
  }
  void on_head(std::size_t size) {
    request = parse_head(std::string_view(input).substr(0, size));
    note_peer(*stream, request);
    input.erase(0, size);
    std::size_t length = 0;
    if (const auto found = request.fields.find("content-length"); found != request.fields.end())
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), length);
    if (input.size() >= length) return on_request(length);
    asio::async_read(*stream, asio::dynamic_buffer(input), asio::transfer_exactly(length - input.size()),
                     [self = this->shared_from_this(), length](const Fault& fault, std::size_t) {
                       if (!fault) self->on_request(length);
                     });
  }
  void on_request(std::size_t length) {
    request.body = input.substr(0, length);
    input.erase(0, length);
    const auto server = owner.lock();
    if (!server) return;
    server->seen.push_back(request);
    const Reply answer = server->script(request);
    then = answer.then;
    if (then == Reply::Then::Hold) server->held = this->weak_from_this();
    say(answer.bytes);
  }
  void say(std::string bytes) override {
    output += bytes;
    if (!writing) write();
  }
  void write() {
    if (output.empty()) {
      if (then == Reply::Then::Next) read();
      if (then == Reply::Then::Close || then == Reply::Then::Reset) end(then);
      return;
    }
    writing = true;
    auto bytes = std::make_shared<std::string>(std::exchange(output, {}));
    asio::async_write(*stream, asio::buffer(*bytes),
                      [self = this->shared_from_this(), bytes](const Fault& fault, std::size_t) {
                        self->writing = false;
                        if (!fault) self->write();
                      });
  }
  void end(Reply::Then how) override {
    if (writing) {
      then = how;
      return;
    }
    Fault ignored;
    if (how == Reply::Then::Reset) socket_of(*stream).set_option(asio::socket_base::linger(true, 0), ignored);
    socket_of(*stream).close(ignored);
  }

  std::weak_ptr<Owner> owner;
  std::shared_ptr<Stream> stream;
  std::string input;
  std::string output;
  SeenRequest request;
  Reply::Then then = Reply::Then::Next;
  bool writing = false;
};

}  // namespace

template <class Stream>
void ApiServer::State::serve(std::shared_ptr<Stream> stream) {
  auto session = std::make_shared<StreamSession<Stream, State>>(weak_from_this(), stream);
  sessions.push_back(session);
  if constexpr (std::is_same_v<Stream, TlsStream>)
    stream->async_handshake(asio::ssl::stream_base::server, [session](const Fault& fault) {
      if (!fault) return session->read();
      session->end(Reply::Then::Close);
    });
  else
    session->read();
}

void ApiServer::State::accept() {
  acceptor.async_accept([weak = weak_from_this()](const Fault& fault, tcp::socket socket) {
    const auto self = weak.lock();
    if (!self || fault) return;
    if (self->tls)
      self->serve(std::make_shared<TlsStream>(std::move(socket), *self->tls));
    else
      self->serve(std::make_shared<tcp::socket>(std::move(socket)));
    self->accept();
  });
}

ApiServer::ApiServer(asio::io_context& io, Script script, const ServerTls* tls)
    : state_(std::make_shared<State>(io, std::move(script))) {
  if (tls != nullptr) {
    asio::ssl::context& context = state_->tls.emplace(asio::ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(tls->identity.certificate));
    context.use_private_key(asio::buffer(tls->identity.key), asio::ssl::context::pem);
    if (!tls->client_authority.empty()) {
      context.add_certificate_authority(asio::buffer(tls->client_authority));
      context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    }
  }
  state_->accept();
}

ApiServer::~ApiServer() { stop(); }

std::uint16_t ApiServer::port() const noexcept { return state_->acceptor.local_endpoint().port(); }
std::string ApiServer::url() const { return fmt::format("{}://127.0.0.1:{}", state_->tls ? "https" : "http", port()); }
const std::vector<SeenRequest>& ApiServer::seen() const noexcept { return state_->seen; }
std::size_t ApiServer::connections() const noexcept { return state_->sessions.size(); }

void ApiServer::say(std::string bytes) {
  if (const auto session = state_->held.lock()) session->say(std::move(bytes));
}
void ApiServer::cut(Reply::Then how) {
  if (const auto session = state_->held.lock()) session->end(how);
}
void ApiServer::stop() {
  Fault ignored;
  state_->acceptor.close(ignored);
  for (const auto& session : state_->sessions) session->end(Reply::Then::Close);
}

// ---- bytes ---------------------------------------------------------------------------------------------------------

Reply reply(int status, std::string_view body, std::string_view more_fields) {
  return {.bytes = fmt::format("HTTP/1.1 {} Said\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
                               status, more_fields, body.size(), body)};
}
Reply stream_head() {
  return {.bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
          .then = Reply::Then::Hold};
}
std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

std::string gzip_of_hello() {
  // `printf hello | gzip -n`
  constexpr unsigned char bytes[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
                                     0xc9, 0xc9, 0x07, 0x00, 0x86, 0xa6, 0x10, 0x36, 0x05, 0x00, 0x00, 0x00};
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace pintle::fake
