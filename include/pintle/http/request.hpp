// Heads of messages as the codecs hand them on: views into received bytes, which must stay where they are for as long
// as the head is used. HTTP/1 and HTTP/2 fill the same structures. No heap.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <pintle/http/authority.hpp>
#include <pintle/http/headers.hpp>
#include <pintle/http/method.hpp>
#include <pintle/http/target.hpp>

namespace pintle::http {

inline constexpr std::size_t max_request_fields = 100;   ///< req 23
inline constexpr std::size_t max_response_fields = 200;  ///< req 18

enum class Version : std::uint8_t { Http10, Http11, Http2 };

enum class BodyKind : std::uint8_t {
  None,
  Length,      ///< Content-Length; 0 bytes is Length with 0 where the field was there
  Chunked,     ///< h2: unknown length
  UntilClose,  ///< responses only (RFC 9112 section 6.3 rule 8)
};
struct BodyFraming {
  BodyKind kind = BodyKind::None;
  std::uint64_t length = 0;  ///< of Length
  [[nodiscard]] bool empty() const noexcept {
    return kind == BodyKind::None || (kind == BodyKind::Length && length == 0);
  }
};

/// A set of fields by their index in HeaderView::fields.
class FieldSet {
 public:
  void insert(std::size_t index) noexcept { words_[index / 64] |= std::uint64_t{1} << (index % 64); }
  [[nodiscard]] bool contains(std::size_t index) const noexcept {
    return ((words_[index / 64] >> (index % 64)) & 1U) != 0;
  }
  [[nodiscard]] bool empty() const noexcept { return (words_[0] | words_[1] | words_[2] | words_[3]) == 0; }

 private:
  std::array<std::uint64_t, 4> words_{};  // 256 >= max_response_fields
};

enum class Upgrade : std::uint8_t { None, Websocket };

struct RequestHead {
  Version version = Version::Http11;
  Method method = Method::Other;
  TargetForm form = TargetForm::Origin;
  std::string_view method_text;
  std::string_view target;    ///< where the target stands in the received bytes; once the path was normalised in place
                              ///< its bytes are those of `path`, a gap, and the query: use path and query
  std::string_view path;      ///< normalised; "*" for Asterisk; empty for Authority (CONNECT)
  std::string_view query;     ///< without '?'
  bool has_query = false;     ///< tells "/a?" from "/a"
  bool path_changed = false;  ///< normalisation shortened the path or changed a byte of it
  Authority authority;        ///< routes the request; empty only for HTTP/1.0 without Host
  std::string_view authority_text;  ///< as received: of the absolute target, else the Host value
  HeaderView headers;
  BodyFraming body;
  bool keep_alive = false;          ///< the client would go on after this exchange
  bool expect_continue = false;     ///< `Expect: 100-continue` and a body
  bool te_trailers = false;         ///< `TE: trailers`
  Upgrade upgrade = Upgrade::None;  ///< Connection: upgrade + Upgrade: websocket on GET of HTTP/1.1; else stripped
  FieldSet nominated;               ///< fields that Connection names: never forwarded (req 25)

  [[nodiscard]] std::string_view host() const noexcept { return authority.host(); }
};

struct ResponseHead {
  Version version = Version::Http11;
  std::uint16_t status = 0;
  std::string_view reason_text;  ///< may be empty
  HeaderView headers;
  BodyFraming body;                             ///< by RFC 9112 section 6.3, the request's method considered
  std::optional<std::uint64_t> content_length;  ///< as declared, also where no body follows (HEAD, 304)
  bool keep_alive = false;                      ///< the upstream connection may be used again after this exchange
  FieldSet nominated;                           ///< fields that Connection names: never forwarded

  [[nodiscard]] bool is_interim() const noexcept { return status >= 100 && status < 200 && status != 101; }
};

}  // namespace pintle::http
