// From the options of `controller`, the environment and the files of a pod to the settings of the parts it is made of.
#pragma once
#include <string>
#include <string_view>

#include <pintle/base/error.hpp>

#include "controller/infra/settings.hpp"
#include "controller/kube/connection.hpp"
#include "controller/reconcile/reconciler.hpp"
#include "src/app/controller.hpp"

namespace pintle::app {

/// Who we are, by the downward API; the host's name outside a pod.
struct Pod {
  std::string name;
  std::string ns;   ///< empty outside a pod
  std::string uid;  ///< empty outside a pod
};
[[nodiscard]] Pod find_pod();

/// --kubeconfig, else the pod's own files, else $KUBECONFIG, else ~/.kube/config; the error says what was looked for.
[[nodiscard]] Result<kube::Connection> find_connection(const ControllerOptions& options);

/// What a flag calls by "NAMESPACE/NAME"; the error names the flag.
struct ObjectPlace {
  std::string ns;
  std::string name;
};
[[nodiscard]] Result<ObjectPlace> split_name(std::string_view flag, const std::string& given);

[[nodiscard]] Result<infra::Settings> infra_settings(const ControllerOptions& options);
[[nodiscard]] reconcile::Settings controller_settings(const ControllerOptions& options, const infra::Settings& infra);

}  // namespace pintle::app
