// The BIO between OpenSSL and a TlsStream: reads are recv calls on its descriptor, writes end in the worker's gather
// buffer. Worker thread.
#pragma once
#include <openssl/bio.h>

namespace pintle::net {

class TlsStream;

struct TlsBio {
  /// A new BIO for `stream`, which outlives it; nullptr without memory.
  [[nodiscard]] static BIO* make(TlsStream& stream) noexcept;

 private:
  static BIO_METHOD* method() noexcept;
  static int on_read(BIO* bio, char* into, int length) noexcept;
  static int on_write(BIO* bio, const char* bytes, int length) noexcept;
  static long on_control(BIO* bio, int command, long number, void* pointer) noexcept;
};

}  // namespace pintle::net
