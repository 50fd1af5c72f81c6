// What a client says before it is trusted with anything: records and ClientHello (req 54-56).
// Property: however the bytes are cut into reads, and however a ClientHello is cut into records, the server chooses the
// same listener and name or refuses with the same alert; a name it reports is the one a plain reading of the
// ClientHello finds; bytes alone, without keys, complete no handshake.
#include <algorithm>
#include <array>
#include <optional>

#include "dataplane/net/client_hello.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/unit/dataplane/net/tls_bench.hpp"

namespace pintle::fuzz {
namespace {

constexpr std::size_t record_head = 5;
constexpr std::size_t message_head = 4;

struct Outcome {
  net::IoStatus status{};
  std::string sni;
  std::string listener;
  std::string error;
  std::string answer;  ///< content types of the records that came back; of an alert its bytes, too
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}
std::size_t u16_at(std::string_view text, std::size_t at) { return byte_at(text, at) << 8U | byte_at(text, at + 1); }

/// Lengths are left out: that of a signature varies from run to run.
std::string outline(std::string_view records) {
  std::string out;
  while (records.size() >= record_head) {
    const std::size_t length = u16_at(records, 3);
    const char type = records[0];
    if (type == SSL3_RT_ALERT)
      out += records.substr(0, record_head + length);
    else if (!out.ends_with(type))
      out += type;
    records.remove_prefix(std::min(records.size(), record_head + length));
  }
  return out;
}

net::TlsBench& bench() {
  static net::TlsBench made({{"a.example.com", {"a.example.com"}},
                             {"*.example.com", {"*.example.com", "b.example.com"}},
                             {"other.org", {"other.org"}}});
  return made;
}

Outcome talk(std::string_view input, std::span<const std::size_t> ends) {
  auto pair = net::SocketPair();
  auto stream = net::TlsStream::accept(pair.ours.get(), bench().worker, bench().contexts,
                                       *bench().contexts->find_socket(SocketId{0}));
  require(stream.has_value(), "a connection is taken");
  Outcome out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    net::send_text(pair.theirs, input.substr(begin, end - begin));
    begin = end;
    out.status = (*stream)->handshake().status;
    require(out.status != net::IoStatus::Ok, "no handshake without keys");
    if (out.status == net::IoStatus::Error) break;
  }
  out.sni = (*stream)->sni();
  if (!out.sni.empty()) out.listener = (*stream)->listener_hostname();
  out.error = (*stream)->error();
  out.answer = outline(net::take_text(pair.theirs, 1U << 16U));
  ::shutdown(pair.theirs.get(), SHUT_WR);
  const net::IoStatus last = (*stream)->handshake().status;
  require(last == net::IoStatus::Error || last == net::IoStatus::Eof, "the end of the bytes is the end");
  return out;
}

/// The input as one ClientHello in one record; nullopt if it is anything else.
std::optional<std::string_view> only_hello(std::string_view input) {
  const std::size_t length = u16_at(input, 3);
  if (byte_at(input, 0) != SSL3_RT_HANDSHAKE || byte_at(input, 1) != 3 || input.size() != record_head + length)
    return std::nullopt;
  const std::string_view message = input.substr(record_head);
  if (message.size() < message_head + 2 || byte_at(message, 0) != SSL3_MT_CLIENT_HELLO) return std::nullopt;
  if ((byte_at(message, 1) << 16U | u16_at(message, 2)) != message.size() - message_head) return std::nullopt;
  return message;
}

std::string record(std::string_view head, std::string_view payload) {
  std::string made(head.substr(0, 3));
  made += static_cast<char>(payload.size() >> 8U);
  made += static_cast<char>(payload.size() & 0xffU);
  return made.append(payload);
}

/// A plain walk to the first server_name: version, random, session, ciphers, compressions, extensions.
std::string plain_sni(std::string_view message) {
  std::size_t at = message_head + 2 + 32;
  at += 1 + byte_at(message, at);
  at += 2 + u16_at(message, at);
  at += 1 + byte_at(message, at);
  for (at += 2; at + 4 <= message.size(); at += 4 + u16_at(message, at + 2)) {
    if (u16_at(message, at) != TLSEXT_TYPE_server_name) continue;
    std::string name(message.substr(at + 9, u16_at(message, at + 7)));
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return name;
  }
  return {};
}

void run(std::string_view input) {
  if (input.size() > 32 * 1024) return;
  const std::size_t all[] = {input.size()};
  const Outcome whole = talk(input, all);
  require(talk(input, cuts_of(input)) == whole, "cuts between reads do not matter");
  // The peek in front of a port with TLSRoutes and OpenSSL must not see two different names.
  const net::ClientHello peeked = net::find_client_hello(input);
  if (peeked.progress == net::HelloProgress::Complete && !whole.sni.empty())
    require(peeked.sni == whole.sni, "the name is the one that a peek finds", whole.sni);
  const std::optional<std::string_view> hello = only_hello(input);
  if (!hello) return;
  if (!whole.sni.empty()) require(whole.sni == plain_sni(*hello), "the name is the one that was sent", whole.sni);
  const std::size_t middle = 1 + Dice(input).below(hello->size() - 1);
  const std::string fragments = record(input, hello->substr(0, middle)) + record(input, hello->substr(middle));
  require(talk(fragments, cuts_of(fragments)) == whole, "cuts between records do not matter (req 55)");
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
