#include "dataplane/net/tls_bio.hpp"

#include <cerrno>

#include "dataplane/net/socket_calls.hpp"
#include "dataplane/net/tls.hpp"

namespace pintle::net {

BIO* TlsBio::make(TlsStream& stream) noexcept {
  BIO* bio = BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &stream);
  BIO_set_init(bio, 1);
  return bio;
}

BIO_METHOD* TlsBio::method() noexcept {
  static BIO_METHOD* const instance = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "pintle");
    BIO_meth_set_read(made, on_read);
    BIO_meth_set_write(made, on_write);
    BIO_meth_set_ctrl(made, on_control);
    return made;
  }();
  return instance;
}

int TlsBio::on_read(BIO* bio, char* into, int length) noexcept {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (stream.eof_) return 0;
  if (stream.inbound_ != TlsStream::Inbound::Unknown) {
    BIO_set_retry_read(bio);
    return -1;
  }
  ssize_t n = 0;
  do {
    n = socket_calls::receive(stream.fd_, into, static_cast<std::size_t>(length), 0);
  } while (n < 0 && errno == EINTR);
  if (n == 0) stream.eof_ = true;
  if (n >= 0) {
    if (n < length) stream.inbound_ = TlsStream::Inbound::Short;
    return static_cast<int>(n);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    stream.inbound_ = TlsStream::Inbound::Empty;
    BIO_set_retry_read(bio);
  } else {
    stream.io_errno_ = errno;
  }
  return -1;
}

int TlsBio::on_write(BIO* bio, const char* bytes, int length) noexcept {
  static_cast<TlsStream*>(BIO_get_data(bio))->gather(bytes, static_cast<std::size_t>(length));
  return length;
}

long TlsBio::on_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) noexcept {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return static_cast<TlsStream*>(BIO_get_data(bio))->eof_ ? 1 : 0;
    default:
      return 0;
  }
}

}  // namespace pintle::net
