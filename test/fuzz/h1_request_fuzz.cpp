// Request heads, with whatever body follows.
// Property: what is understood does not depend on where the input was cut; a head that is taken is taken by Beast too,
// with the same method, target, version, fields and framing (one direction only, see beast_oracle.hpp).
// A fault in a long line that has not ended yet may be told when it ends only: reading such a line anew with each read
// would not be linear.
#include <memory>

#include "dataplane/http1/head_parser.hpp"
#include "test/fuzz/beast_oracle.hpp"
#include "test/fuzz/fuzz.hpp"
#include "test/unit/dataplane/http1/run_request.hpp"

namespace pintle::fuzz {
namespace {

using http1::test::Outcome;
using http1::test::run_request;

void compare_with_beast(std::string_view input) {
  std::string copy(input);  // the parser may normalise the path where it stands
  http1::RequestHeadParser parser;
  http::RequestHead head;
  const auto storage = std::make_unique<http1::RequestFields>();
  const http1::ParseResult result = parser.parse(copy, {}, head, *storage);
  if (result.progress != http1::Progress::Done) return;
  if (head.headers.find(http::HeaderId::ProxyConnection) != nullptr) return;  // Beast obeys it, we drop it unread

  const std::size_t start = parser.head_start();  // Beast does not know of empty lines before a request
  std::string fault;
  const auto beast = read_request_with_beast(input.substr(start, result.consumed - start), fault);
  require(beast.has_value(), "Beast takes the head as well", fault);
  require(beast->length == result.consumed - start, "one end of the head");
  require(beast->method == head.method_text, "one method");
  const auto offset = static_cast<std::size_t>(head.target.data() - copy.data());
  require(beast->target == input.substr(offset, head.target.size()), "one target");
  require(beast->version == (head.version == http::Version::Http10 ? 10U : 11U), "one version");
  require(beast->fields.size() == head.headers.fields.size(), "one number of fields");
  require(beast->chunked == (head.body.kind == http::BodyKind::Chunked), "one framing");
  require(beast->content_length.has_value() == (head.body.kind == http::BodyKind::Length), "one framing");
  require(beast->content_length.value_or(0) == head.body.length, "one length");
  for (const auto& [name, value] : beast->fields) {
    // Beast groups fields of one name.
    bool found = false;
    for (const http::Field& field : head.headers.fields)
      found = found || (http::name_equals(head.headers.name(field), name) && head.headers.value(field) == value);
    require(found, "the same fields", name);
  }
}

void require_cuts_do_not_matter(const std::string& bytes, const Outcome& whole) {
  std::vector<std::size_t> ends = cuts_of(bytes);
  Outcome cut = run_request(bytes, ends);
  if (whole.status != 0 && cut.status == 0 && cut.forward.empty()) {
    const std::string ended = bytes + "\r\n\r\n";
    ends.push_back(ended.size());
    cut = run_request(ended, ends);
  }
  require(cut == whole, "cuts do not matter");
}

void run(std::string_view input) {
  if (input.size() > long_input) return;
  const std::string bytes(input);
  const std::size_t all[] = {bytes.size()};
  const Outcome whole = run_request(bytes, all);
  require_cuts_do_not_matter(bytes, whole);
  if (bytes.size() <= short_input)
    require(http1::test::run_request_bytewise(bytes) == whole, "reads of one byte do not matter");
  compare_with_beast(input);
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size != 0) pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
