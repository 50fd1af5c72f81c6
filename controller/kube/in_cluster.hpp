// The connection of a pod: where Kubernetes puts the address, the token and the authorities. Any thread.
#pragma once
#include <string>

#include <pintle/base/error.hpp>

#include "controller/kube/connection.hpp"

namespace pintle::kube {

struct PodPlaces {
  std::string host;  ///< KUBERNETES_SERVICE_HOST
  std::string port;  ///< KUBERNETES_SERVICE_PORT
  std::string folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};
/// As the environment says. Call at startup.
[[nodiscard]] PodPlaces find_pod_places();
[[nodiscard]] inline bool is_in_cluster(const PodPlaces& places) {
  return !places.host.empty() && !places.port.empty();
}

/// The files are read again as they rotate. Errors name the file and the way out.
[[nodiscard]] Result<Connection> read_in_cluster(const PodPlaces& places);

}  // namespace pintle::kube
