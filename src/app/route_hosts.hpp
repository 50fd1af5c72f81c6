// The exact host names that the routes of a source serve, kept up to date batch by batch: what the own CA puts into
// certificates. Control thread.
#pragma once
#include <map>
#include <set>
#include <string>

#include <pintle/base/shared_list.hpp>

#include "controller/source/source.hpp"

namespace pintle::app {

class RouteHosts {
 public:
  void apply(const source::Batch& batch);
  /// Without wildcards.
  [[nodiscard]] std::set<std::string> names() const;

 private:
  std::map<api::ObjectKey, SharedList<std::string>> by_route_;
};

}  // namespace pintle::app
