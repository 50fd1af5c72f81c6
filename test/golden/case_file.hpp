// A golden case: manifests, with directives in the comment lines it starts with.
//   # with: common.yaml gateway.yaml   files of this folder that belong to the case
//   # decode: lenient                  as objects that an API server has accepted; otherwise strict, as in a folder
//   # settings: WORD...                what the person who starts Pintle decides:
//       implied-class=NAME  port-offset=N  loopback-backends  backend=NAMESPACE/SERVICE:PORT=IP:PORT
//       address=IP (again for more; "none", or "loopback" for both; without it 127.0.0.1)
//       internal-tls, with certificates ready: internal-tls=HOST,...
//   # busy: 127.0.0.1:80               sockets that cannot be bound
//   # findings: expected               the decoder complains; in other cases that is a slip of whoever wrote them
#pragma once
#include <set>
#include <string>
#include <vector>

#include "controller/api/any_object.hpp"
#include "controller/api/decode.hpp"
#include "controller/resolve/settings.hpp"

namespace pintle::golden {

struct Case {
  std::vector<std::string> texts;  ///< one YAML document each, in the order written
  std::vector<std::string> files;  ///< of each document, for findings
  api::DecodeMode mode = api::DecodeMode::Strict;
  resolve::Settings settings;
  std::set<std::string> busy;
  bool has_findings = false;
};
/// The text between `# with` files first. Throws std::runtime_error if a file is missing or a directive is not known.
[[nodiscard]] Case load_case(const std::string& path);

struct Decoded {
  std::vector<api::AnyObject> objects;  ///< generation 1, and a uid made from the key
  std::vector<std::string> findings;    ///< sorted; errors and warnings, without their places
};
/// `order`: numbers of the documents.
[[nodiscard]] Decoded decode_case(const Case& source, const std::vector<std::size_t>& order);

[[nodiscard]] std::string read_file(const std::string& path);
/// Names of all cases, without ".in.yaml", sorted.
[[nodiscard]] std::vector<std::string> list_cases();
/// Names of all outputs, without ".out.yaml", sorted.
[[nodiscard]] std::vector<std::string> list_outputs();
[[nodiscard]] std::string golden_folder();

}  // namespace pintle::golden
