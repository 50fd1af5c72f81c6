#include "test/fuzz/beast_oracle.hpp"

#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace pintle::fuzz {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
constexpr std::uint32_t no_limit = std::numeric_limits<std::uint32_t>::max();

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

template <class Parser>
std::optional<BeastHead> read_head(Parser& parser, std::string_view head, std::string& fault) {
  parser.header_limit(no_limit);
  parser.body_limit(boost::none);
  error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error || !parser.is_header_done()) {
    fault = error.message();
    return std::nullopt;
  }
  BeastHead read;
  read.version = parser.get().version();
  for (const auto& field : parser.get().base())
    read.fields.emplace_back(text_of(field.name_string()), text_of(field.value()));
  read.chunked = parser.chunked();
  if (parser.content_length()) read.content_length = *parser.content_length();
  read.length = used;
  return read;
}

}  // namespace

std::optional<BeastHead> read_request_with_beast(std::string_view head, std::string& fault) {
  http::request_parser<http::empty_body> parser;
  std::optional<BeastHead> read = read_head(parser, head, fault);
  if (!read) return read;
  read->method = text_of(parser.get().method_string());
  read->target = text_of(parser.get().target());
  return read;
}

std::optional<BeastHead> read_response_with_beast(std::string_view head, std::string& fault) {
  http::response_parser<http::empty_body> parser;
  std::optional<BeastHead> read = read_head(parser, head, fault);
  if (!read) return read;
  read->status = parser.get().result_int();
  read->reason = text_of(parser.get().reason());
  return read;
}

std::optional<BeastBody> read_chunked_with_beast(std::string_view body, std::string& fault) {
  constexpr std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  http::request_parser<http::string_body> parser;
  parser.header_limit(no_limit);
  parser.body_limit(boost::none);
  parser.eager(true);
  std::string message(head);
  message += body;
  std::size_t used = 0;
  error_code error;
  while (!parser.is_done()) {
    used += parser.put(boost::asio::buffer(message.data() + used, message.size() - used), error);
    if (error) {
      fault = error.message();
      return std::nullopt;
    }
  }
  return BeastBody{parser.get().body(), used - head.size()};
}

}  // namespace pintle::fuzz
