// The EndpointSlices of a Gateway's Service: our own ready pods. Private to this module.
#pragma once
#include <string>
#include <vector>

#include "controller/api/core.hpp"
#include "controller/infra/action.hpp"
#include "controller/infra/settings.hpp"
#include "controller/store/store.hpp"

namespace pintle::infra {

struct Replicas {
  std::vector<api::Endpoint> v4;  ///< by address, each with one
  std::vector<api::Endpoint> v6;
};
/// Those that are ready and stay, of the slices of the release's own Service. Where none is ready, all that stay: after
/// a stall of the API server its nodes count as lost for some seconds, and their pods as not ready, while they serve
/// on; a Service without an endpoint refuses everybody. An address of a loopback or link-local range is none: the API
/// refuses it in a slice, and it would be another machine's own.
[[nodiscard]] Replicas find_replicas(const store::ClusterSnapshot& snapshot, const Settings& settings);

struct SliceWish {
  const store::ClusterSnapshot& snapshot;
  const api::Gateway& gateway;
  std::string service;  ///< name
  const std::vector<api::ServicePort>& ports;
  const Replicas& replicas;
  const Settings& settings;
};
/// Slices of others for the same Service are left alone.
void plan_slices(const SliceWish& wish, std::vector<Action>& actions);

}  // namespace pintle::infra
