// Whole files that are small by nature: tokens, certificates, kubeconfigs. Any thread.
#pragma once
#include <string>

#include <pintle/base/error.hpp>

namespace pintle::kube {

/// NoSuchFile, PermissionDenied or TooLarge (above 4 MiB) name the path and say why.
[[nodiscard]] Result<std::string> read_small_file(const std::string& path);

}  // namespace pintle::kube
