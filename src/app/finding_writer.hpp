// Makes findings of the table: place, id, severity and fix are filled in here. Internal to validate.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controller/resolve/model.hpp"
#include "src/app/finding_table.hpp"
#include "src/app/manifests.hpp"

namespace pintle::app {

class FindingWriter {
 public:
  explicit FindingWriter(const std::vector<api::AnyObject>& objects);

  struct Subject {
    const api::ObjectKey& object;
    std::string_view field_path;
  };
  void add(const CrossFindingDoc& row, const Subject& subject, std::string message);
  /// One per problem, under the id of its reason.
  void add(const api::ObjectKey& object, const std::vector<resolve::Problem>& problems);
  /// Sorted by place, each once.
  [[nodiscard]] std::vector<api::Finding> take();

 private:
  std::map<api::ObjectKey, api::SourceLocation> places_;
  std::vector<api::Finding> findings_;
};

/// By file, line, column, id, message.
void sort_findings(std::vector<api::Finding>& findings);

}  // namespace pintle::app
