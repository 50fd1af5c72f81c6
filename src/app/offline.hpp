// What `serve` would make of manifests, without serving: the same decode, resolve, compile and finish_status, with an
// apply report that says what would be. Nothing is bound, no key is made. One thread; reads files, then pure.
#pragma once
#include <string>
#include <vector>

#include "controller/resolve/resolve.hpp"
#include "controller/status/finish.hpp"
#include "src/app/manifests.hpp"
#include "src/app/options.hpp"

namespace pintle::app {

struct OfflineWorld {
  Manifests manifests;
  store::ClusterSnapshot snapshot;
  resolve::Resolution resolution;
  runtime::Compiled compiled;
  status::Statuses statuses;
};

/// The settings of folder mode; `serve` uses the same.
[[nodiscard]] resolve::Settings folder_settings(const Target& target);

[[nodiscard]] OfflineWorld evaluate(const std::vector<std::string>& paths, const Target& target);

}  // namespace pintle::app
