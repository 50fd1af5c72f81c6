#include "dataplane/proxy/own_answer.hpp"

#include <ctime>
#include <iterator>

#include <pintle/http/connection_field.hpp>
#include <pintle/http/grpc.hpp>
#include <pintle/http/status.hpp>

namespace pintle::proxy {
namespace {

/// IMF-fixdate (RFC 9110 section 5.6.7), without the process's locale.
void write_date(AnswerText& out) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = wall_now().time_since_epoch().count();
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  fmt::format_to(std::back_inserter(out), "Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n", days[utc.tm_wday],
                 utc.tm_mday, months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

constexpr std::string_view allowed_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Trailers only: status and message stand in the head, no body follows ("gRPC over HTTP2", Responses).
void write_grpc_answer(const OwnAnswer& answer, const AnswerFraming& framing, AnswerText& out) {
  const auto at = std::back_inserter(out);
  fmt::format_to(at, "HTTP/1.1 200 OK\r\n");
  write_date(out);
  fmt::format_to(
      at, "Content-Type: application/grpc\r\nContent-Length: 0\r\ngrpc-status: {}\r\ngrpc-message: {}: {}\r\n",
      static_cast<unsigned>(http::grpc_status_of(answer.status)), to_string(answer.reason), describe(answer.reason));
  for (const AnswerField& field : answer.fields)
    if (!http::describes_content(field.name)) fmt::format_to(at, "{}: {}\r\n", field.name, field.value);
  if (framing.persistence == Persistence::Close) fmt::format_to(at, "Connection: close\r\n");
  fmt::format_to(at, "\r\n");
}

}  // namespace

std::size_t write_answer(const OwnAnswer& answer, const AnswerFraming& framing, AnswerText& out) {
  if (framing.style == AnswerStyle::Grpc) {
    write_grpc_answer(answer, framing, out);
    return 0;
  }
  const auto at = std::back_inserter(out);
  const bool has_body = !http::never_has_body(answer.status);
  fmt::basic_memory_buffer<char, 256> words;
  if (has_body && !answer.body)
    fmt::format_to(std::back_inserter(words), "{}: {}\n", to_string(answer.reason), describe(answer.reason));
  const std::string_view body = answer.body && has_body ? *answer.body : std::string_view(words.data(), words.size());
  fmt::format_to(at, "HTTP/1.1 {} {}\r\n", answer.status, http::reason_phrase(answer.status));
  write_date(out);
  if (!answer.location.empty()) fmt::format_to(at, "Location: {}\r\n", answer.location);
  for (const AnswerField& field : answer.fields) fmt::format_to(at, "{}: {}\r\n", field.name, field.value);
  if (answer.status == 405) fmt::format_to(at, "Allow: {}\r\n", allowed_methods);
  if (answer.reason == Reason::Overload) fmt::format_to(at, "Retry-After: 1\r\n");
  if (has_body && !answer.body) fmt::format_to(at, "Content-Type: text/plain; charset=utf-8\r\n");
  if (has_body) fmt::format_to(at, "Content-Length: {}\r\n", body.size());
  if (framing.persistence == Persistence::Close)
    fmt::format_to(at, "Connection: close\r\n");
  else if (framing.client == http::Version::Http10)
    fmt::format_to(at, "Connection: keep-alive\r\n");
  fmt::format_to(at, "\r\n");
  if (framing.method == http::Method::Head) return 0;
  out.append(body.data(), body.data() + body.size());
  return body.size();
}

}  // namespace pintle::proxy
