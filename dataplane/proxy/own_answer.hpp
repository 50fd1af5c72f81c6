// Answers the gateway gives itself: refusals, failures of rules, redirects. Short, and they say why in the words of the
// closed list. No bytes of the request come back but in Location.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include <pintle/base/clock.hpp>
#include <pintle/base/reason.hpp>
#include <pintle/http/request.hpp>

namespace pintle::proxy {

/// Views that outlive the answer.
struct AnswerField {
  std::string_view name;
  std::string_view value;
};

struct OwnAnswer {
  std::uint16_t status = 500;
  Reason reason = Reason::Internal;
  std::string_view detail{};    ///< for log and explain, not for the client
  std::string_view location{};  ///< of a redirect
  std::span<const AnswerField> fields{};
  std::optional<std::string_view> body{};  ///< in place of the gateway's words; its Content-Type is among the fields
};

/// How the client reads an answer: a gRPC client looks at grpc-status alone.
enum class AnswerStyle : std::uint8_t { Http, Grpc };

enum class Persistence : std::uint8_t { KeepAlive, Close };

struct AnswerFraming {
  http::Version client = http::Version::Http11;
  http::Method method = http::Method::Get;
  Persistence persistence = Persistence::Close;
  AnswerStyle style = AnswerStyle::Http;
};

using AnswerText = fmt::basic_memory_buffer<char, 768>;
/// The whole message. Returns the length of its body as sent.
std::size_t write_answer(const OwnAnswer& answer, const AnswerFraming& framing, AnswerText& out);

}  // namespace pintle::proxy
