#include "dataplane/net/client_hello.hpp"

namespace pintle::net {
namespace {

constexpr std::size_t record_head = 5;
constexpr std::size_t message_head = 4;
constexpr std::size_t max_record = 16 * 1024;
/// Each new record has the message looked at again: a bound on the work a client can cause with its bytes.
constexpr unsigned max_records = 1024;
constexpr unsigned char handshake_record = 22;
constexpr unsigned char client_hello_message = 1;
constexpr unsigned server_name_extension = 0;

/// Takes fields from the front; once one is not there, all that follow are missing too.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : rest_(bytes) {}
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  /// Big-endian, of `size` bytes.
  std::size_t number(std::size_t size) noexcept {
    std::size_t value = 0;
    for (const char byte : take(size)) value = value << 8U | static_cast<unsigned char>(byte);
    return value;
  }
  std::string_view take(std::size_t size) noexcept {
    if (failed_ || rest_.size() < size) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  /// A vector whose length stands in front of it, in `length_size` bytes.
  std::string_view vector(std::size_t length_size) noexcept { return take(number(length_size)); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

ClientHello malformed() { return {.progress = HelloProgress::Malformed, .wanted = 0, .sni = {}}; }
ClientHello more(std::size_t wanted) { return {.progress = HelloProgress::More, .wanted = wanted, .sni = {}}; }

/// RFC 8446 section 4.1.2; earlier versions have the same fields up to the extensions, which may be absent.
ClientHello read_body(std::string_view body) {
  Reader reader(body);
  reader.take(2 + 32);  // legacy_version, random
  reader.vector(1);     // legacy_session_id
  reader.vector(2);     // cipher_suites
  reader.vector(1);     // legacy_compression_methods
  ClientHello hello{.progress = HelloProgress::Complete, .wanted = 0, .sni = {}};
  if (reader.failed()) return malformed();
  if (reader.empty()) return hello;
  Reader extensions(reader.vector(2));
  if (reader.failed() || !reader.empty()) return malformed();
  bool named = false;
  while (!extensions.empty()) {
    const std::size_t type = extensions.number(2);
    const std::string_view data = extensions.vector(2);
    if (extensions.failed()) return malformed();
    if (type != server_name_extension) continue;
    auto name = decode_server_name(data);
    if (!name || named) return malformed();  // two of one type: RFC 8446 section 4.2
    named = true;
    hello.sni = std::move(*name);
  }
  return hello;
}

}  // namespace

std::optional<std::string> decode_server_name(std::string_view extension) {
  constexpr std::size_t max_host = 255;
  Reader outer(extension);
  Reader list(outer.vector(2));
  const std::size_t type = list.number(1);
  const std::string_view name = list.vector(2);
  // One entry, of type host_name; others were never defined.
  if (outer.failed() || !outer.empty() || list.failed() || !list.empty() || type != 0) return std::nullopt;
  if (name.empty() || name.size() > max_host) return std::nullopt;
  std::string host(name);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!good) return std::nullopt;
  }
  return host;
}

ClientHello find_client_hello(std::string_view bytes) {
  std::string message;
  std::size_t at = 0;
  for (unsigned records = 0; records < max_records; ++records) {
    Reader record(bytes.substr(at));
    const std::size_t type = record.number(1);
    if (!record.failed() && type != handshake_record) return malformed();
    const std::size_t major = record.number(1);
    if (!record.failed() && major != 3) return malformed();
    record.number(1);
    const std::size_t length = record.number(2);
    const std::size_t end = at + record_head + length;
    if (record.failed()) return more(at + record_head);
    if (length == 0 || length > max_record || end > max_client_hello) return malformed();
    if (bytes.size() < end) return more(end);
    message += bytes.substr(at + record_head, length);
    at = end;
    if (message.size() < message_head) continue;
    Reader head(message);
    if (head.number(1) != client_hello_message) return malformed();
    const std::size_t size = head.number(3);
    if (size > max_client_hello) return malformed();
    if (message.size() - message_head >= size) return read_body(std::string_view(message).substr(message_head, size));
  }
  return malformed();
}

}  // namespace pintle::net
