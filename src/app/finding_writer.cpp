#include "src/app/finding_writer.hpp"

#include <algorithm>
#include <tuple>

namespace pintle::app {

FindingWriter::FindingWriter(const std::vector<api::AnyObject>& objects) {
  for (const api::AnyObject& object : objects) places_.emplace(api::key_of(object), api::metadata_of(object).location);
}

void FindingWriter::add(const CrossFindingDoc& row, const Subject& subject, std::string message) {
  api::Finding made;
  made.id = row.doc.id;
  made.severity = row.doc.severity;
  made.object = api::to_string(subject.object);
  made.field_path = subject.field_path;
  made.message = std::move(message);
  made.fix = row.fix;
  if (const auto place = places_.find(subject.object); place != places_.end()) {
    const api::Position at = locate(place->second, subject.field_path);
    made.file = place->second.path();
    made.line = at.line;
    made.column = at.column;
  }
  findings_.push_back(std::move(made));
}

void FindingWriter::add(const api::ObjectKey& object, const std::vector<resolve::Problem>& problems) {
  for (const resolve::Problem& problem : problems)
    add(find_finding_of_reason(problem.reason), {object, problem.field_path}, problem.message);
}

std::vector<api::Finding> FindingWriter::take() {
  sort_findings(findings_);
  const auto repeated = std::ranges::unique(findings_);  // a route says the same of each of its parents
  findings_.erase(repeated.begin(), repeated.end());
  return std::move(findings_);
}

void sort_findings(std::vector<api::Finding>& findings) {
  std::ranges::sort(findings, {}, [](const api::Finding& f) {
    return std::tie(f.file, f.line, f.column, f.id, f.object, f.field_path, f.message);
  });
}

}  // namespace pintle::app
