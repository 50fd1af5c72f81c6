// A reader of its own and not a library's: positions of every token, findings for duplicate keys and a depth
// limit come from the one loop, and nothing throws.
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "controller/api/bytes_check.hpp"
#include "controller/api/read.hpp"

namespace pintle::api {
namespace {

class JsonReader {
 public:
  JsonReader(const ReadInput& input, std::vector<Finding>& findings)
      : input_(input), bytes_(without_mark(input.bytes)), findings_(findings) {}

  bool read_all(const DocumentSink& sink) {
    std::uint32_t index = 0;
    skip_space();
    while (at_ < bytes_.size()) {
      Value root;
      if (!read_value(root, 1)) return false;
      if (root.type != Value::Type::Null) sink(Document{std::move(root), input_.file, index});
      ++index;
      skip_space();
    }
    return true;
  }

 private:
  [[nodiscard]] Position here() const noexcept { return {line_, column_}; }
  [[nodiscard]] bool done() const noexcept { return at_ >= bytes_.size(); }
  [[nodiscard]] char peek() const noexcept { return done() ? '\0' : bytes_[at_]; }

  void advance() noexcept {
    const char c = bytes_[at_++];
    if (c == '\n') {
      ++line_;
      column_ = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++column_;
    }
  }
  void skip_space() noexcept {
    while (!done() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) advance();
  }
  bool fail(Position at, std::string message, std::string_view id = "GW0102") {
    findings_.push_back(make_syntax_finding(id, input_, at, std::move(message), {}));
    return false;
  }
  bool unexpected(std::string_view wanted) {
    if (done()) return fail(here(), fmt::format("not valid JSON: the text ends where {} should stand", wanted));
    std::size_t end = at_ + 1;  // the whole character
    while (end < bytes_.size() && (static_cast<unsigned char>(bytes_[end]) & 0xC0U) == 0x80U) ++end;
    return fail(here(),
                fmt::format("not valid JSON: {} where {} should stand", quote(bytes_.substr(at_, end - at_)), wanted));
  }

  bool read_value(Value& value, std::uint32_t depth) {
    if (depth > input_.limits.depth) {
      return fail(here(), fmt::format("nested more than {} levels deep", input_.limits.depth), "GW0103");
    }
    value.at = here();
    switch (peek()) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"':
        value.type = Value::Type::String;
        return read_string(value.text);
      case 't':
        return read_word(value, "true", Value::Type::Bool, 1);
      case 'f':
        return read_word(value, "false", Value::Type::Bool, 0);
      case 'n':
        return read_word(value, "null", Value::Type::Null, 0);
      default:
        return read_number(value);
    }
  }

  bool read_word(Value& value, std::string_view word, Value::Type type, std::int64_t integer) {
    if (!bytes_.substr(at_).starts_with(word)) return unexpected("a value");
    for (std::size_t i = 0; i < word.size(); ++i) advance();
    value.type = type;
    value.integer = integer;
    value.text = word;
    return true;
  }

  bool take_digits() {
    if (peek() < '0' || peek() > '9') return false;
    while (peek() >= '0' && peek() <= '9') advance();
    return true;
  }
  /// RFC 8259 section 6.
  bool read_number(Value& value) {
    const std::size_t from = at_;
    bool whole = true;
    if (peek() == '-') advance();
    if (peek() == '0') {
      advance();
    } else if (!take_digits()) {
      return unexpected("a value");
    }
    if (peek() == '.') {
      whole = false;
      advance();
      if (!take_digits()) return unexpected("a digit");
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      advance();
      if (peek() == '+' || peek() == '-') advance();
      if (!take_digits()) return unexpected("a digit");
    }
    value.text = bytes_.substr(from, at_ - from);
    const char* begin = value.text.data();
    const char* end = begin + value.text.size();
    whole = whole && std::from_chars(begin, end, value.integer).ec == std::errc();
    value.type = whole ? Value::Type::Integer : Value::Type::Float;
    return true;
  }

  bool read_string(std::string& out) {
    const Position start = here();
    advance();
    while (!done()) {
      const char c = peek();
      if (c == '"') {
        advance();
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20)
        return fail(here(), "not valid JSON: a control character inside a string");
      if (c == '\\') {
        if (!read_escape(out)) return false;
        continue;
      }
      out += c;
      advance();
    }
    return fail(start, "not valid JSON: a string without end");
  }

  std::optional<std::uint32_t> read_hex4() {
    std::uint32_t code = 0;
    if (at_ + 4 > bytes_.size()) return std::nullopt;
    const char* from = bytes_.data() + at_;
    const auto [end, error] = std::from_chars(from, from + 4, code, 16);
    if (error != std::errc() || end != from + 4) return std::nullopt;
    for (int i = 0; i < 4; ++i) advance();
    return code;
  }
  bool read_escape(std::string& out) {
    const Position start = here();
    advance();
    const char c = peek();
    if (done()) return unexpected("an escape");
    advance();
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (const std::size_t found = names.find(c); found != std::string_view::npos) {
      out += meanings[found];
      return true;
    }
    auto code = c == 'u' ? read_hex4() : std::nullopt;
    if (code && *code >= 0xD800 && *code < 0xDC00 && bytes_.substr(at_).starts_with("\\u")) {
      advance();
      advance();
      const auto low = read_hex4();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return fail(start, "not valid JSON: half a surrogate pair");
      code = 0x10000 + ((*code - 0xD800) << 10U) + (*low - 0xDC00);
    }
    if (!code) return fail(start, "not valid JSON: an unknown escape");
    if (*code >= 0xD800 && *code <= 0xDFFF) return fail(start, "not valid JSON: half a surrogate pair");
    append_utf8(out, *code);
    return true;
  }
  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0U | (code >> 6U));
      put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
      put(0xE0U | (code >> 12U));
      put(0x80U | ((code >> 6U) & 0x3FU));
      put(0x80U | (code & 0x3FU));
    } else {
      put(0xF0U | (code >> 18U));
      put(0x80U | ((code >> 12U) & 0x3FU));
      put(0x80U | ((code >> 6U) & 0x3FU));
      put(0x80U | (code & 0x3FU));
    }
  }

  bool read_array(Value& value, std::uint32_t depth) {
    value.type = Value::Type::Sequence;
    advance();
    skip_space();
    if (peek() == ']') {
      advance();
      return true;
    }
    while (true) {
      if (!read_value(value.items.emplace_back(), depth + 1)) return false;
      skip_space();
      const char c = peek();
      if (c != ',' && c != ']') return unexpected("',' or ']'");
      advance();
      if (c == ']') return true;
      skip_space();
    }
  }
  bool read_object(Value& value, std::uint32_t depth) {
    value.type = Value::Type::Mapping;
    advance();
    skip_space();
    if (peek() == '}') {
      advance();
      return true;
    }
    while (true) {
      if (!read_member(value, depth)) return false;
      skip_space();
      const char c = peek();
      if (c != ',' && c != '}') return unexpected("',' or '}'");
      advance();
      if (c == '}') break;
      skip_space();
    }
    drop_duplicate_keys(value, [this](const Member& again, const Member& first) {
      fail(again.at,
           fmt::format("key {} is written twice in one object, first on line {}", quote(again.key), first.at.line),
           "GW0104");
    });
    return true;
  }
  bool read_member(Value& object, std::uint32_t depth) {
    if (peek() != '"') return unexpected("a key in quotes");
    Member member;
    member.at = here();
    if (!read_string(member.key)) return false;
    skip_space();
    if (peek() != ':') return unexpected("':'");
    advance();
    skip_space();
    if (!read_value(member.value, depth + 1)) return false;
    object.members.push_back(std::move(member));
    return true;
  }

  const ReadInput& input_;
  std::string_view bytes_;
  std::vector<Finding>& findings_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::uint32_t column_ = 1;
};

}  // namespace

bool read_json(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings) {
  if (auto fault = find_byte_fault(input)) {
    findings.push_back(std::move(*fault));
    return false;
  }
  return JsonReader(input, findings).read_all(sink);
}

}  // namespace pintle::api
