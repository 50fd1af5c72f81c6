// kubeconfig files, read as kubectl reads them.
//  - of several files the first that says something counts; paths are relative to the file they stand in; data counts
//    before a file.
//  - refused, with file, line, field and the way out: username and password, auth-provider, proxy-url, exec plugins
//    that want a terminal; plain http but to this host itself.
//  - threads: any; reads files.
#pragma once
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

#include "controller/kube/connection.hpp"

namespace pintle::kube {

struct KubeconfigChoice {
  std::string paths;    ///< one, or several with ':' between, as in KUBECONFIG
  std::string context;  ///< empty: current-context
};

/// --kubeconfig, else KUBECONFIG, else ~/.kube/config; empty arguments are unset. Empty: there is none to choose.
[[nodiscard]] std::string choose_kubeconfig(std::string_view flag, std::string_view environment, std::string_view home);

[[nodiscard]] Result<Connection> read_kubeconfig(const KubeconfigChoice& choice);

}  // namespace pintle::kube
