// The CheckResponse of an authorization server that says anything (docs/decisions/0009).
// Property: a yes is told only by a message that a second reading finds whole, with status OK and no denied answer;
// what a denied client gets is a status of 300 to 599 and lines of a head; a message that is cut is no other kind of
// word than its whole fields give.
#include "dataplane/proxy/external_auth.hpp"
#include "dataplane/proxy/protobuf.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using proxy::AuthVerdict;

/// Only the outermost level, by the letter of the encoding.
struct Outline {
  bool whole = false;
  bool any = false;
  bool denied = false;
  std::uint64_t code = 0;
};

bool take_varint(std::string_view& rest, std::uint64_t& value) {
  value = 0;
  for (unsigned i = 0; i < 10; ++i) {
    if (rest.empty()) return false;
    const auto byte = static_cast<unsigned char>(rest[0]);
    rest.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * i);
    if ((byte & 0x80U) == 0) return true;
  }
  return false;
}

bool visit_fields(std::string_view rest, auto&& visit) {
  while (!rest.empty()) {
    std::uint64_t tag = 0;
    std::uint64_t number = 0;
    std::string_view text;
    if (!take_varint(rest, tag) || tag >> 3U == 0 || tag > UINT32_MAX) return false;
    const unsigned type = tag & 7U;
    if (type == 0 && !take_varint(rest, number)) return false;
    if (type == 2) {
      if (!take_varint(rest, number) || number > rest.size()) return false;
      text = rest.substr(0, number);
      rest.remove_prefix(text.size());
      number = 0;
    }
    const std::size_t fixed = type == 1 ? 8 : type == 5 ? 4 : 0;
    if (fixed > rest.size() || type == 3 || type == 4 || type > 5) return false;
    rest.remove_prefix(fixed);
    visit(tag >> 3U, number, text);
  }
  return true;
}

Outline read_outline(std::string_view message) {
  Outline made;
  bool inner = true;
  made.whole = visit_fields(message, [&](std::uint64_t field, std::uint64_t, std::string_view text) {
    made.any = made.any || field <= 3;
    made.denied = made.denied || field == 2;
    if (field == 1)
      inner = visit_fields(text,
                           [&](std::uint64_t part, std::uint64_t number, std::string_view) {
                             if (part == 1) made.code = number;
                           }) &&
              inner;
  });
  made.whole = made.whole && inner;
  return made;
}

bool is_line(std::string_view name, std::string_view value) {
  return !name.empty() && name.find_first_of(std::string_view(" :\t\r\n\0", 6)) == std::string_view::npos &&
         value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void run(std::string_view input) {
  if (input.size() > long_input) return;
  const AuthVerdict verdict = proxy::read_check_response(input);
  const Outline outline = read_outline(input);
  switch (verdict.kind) {
    case AuthVerdict::Kind::Allowed:
      require(outline.whole && outline.any, "a yes is a whole message that says something");
      require(outline.code == 0 && !outline.denied, "a yes is OK and holds no denied answer");
      break;
    case AuthVerdict::Kind::Denied:
      require(outline.whole && outline.any, "a no is a whole message too");
      require(verdict.status >= 300 && verdict.status < 600, "its status is one of an answer that is no success");
      for (const AuthVerdict::Line& line : verdict.fields)
        require(is_line(line.name, line.value), "its fields are lines of a head", line.name);
      break;
    case AuthVerdict::Kind::Failed:
      require(!verdict.detail.empty(), "a failure says why");
      break;
  }
  if (input.size() <= short_input)
    for (std::size_t length = 0; length < input.size(); ++length) {
      const Outline cut = read_outline(input.substr(0, length));
      const bool yes = proxy::read_check_response(input.substr(0, length)).kind == AuthVerdict::Kind::Allowed;
      require(!yes || (cut.whole && cut.any && cut.code == 0 && !cut.denied), "nor does a cut make a yes of it");
    }
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
