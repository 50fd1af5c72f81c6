// Bytes to documents. Neither reader throws; both stop at the first fault of the syntax, give it as a finding
// with its place, and return false. Documents before the fault have reached the sink: the caller decides
// whether a file with a fault counts. Empty documents are skipped but counted in Document::index.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"

namespace pintle::api {

struct ReadInput {
  std::string_view bytes;
  std::shared_ptr<const std::string> file;  ///< name for findings; never null
  ReadLimits limits{};
};

/// YAML 1.1 as kubectl reads it (yes/no/on/off are booleans, merge keys, aliases within limits), any number
/// of documents.
bool read_yaml(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings);
/// RFC 8259, any number of values one after another.
bool read_json(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings);
/// By the end of the file's name: ".json" is JSON, all else YAML.
bool read_manifest(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings);

}  // namespace pintle::api
