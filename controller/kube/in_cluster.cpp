#include "controller/kube/in_cluster.hpp"

#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "controller/kube/small_file.hpp"

namespace pintle::kube {
namespace {

[[nodiscard]] std::string variable(const char* name) {
  const char* found = std::getenv(name);
  return found == nullptr ? std::string() : std::string(found);
}

[[nodiscard]] std::unexpected<Error> without(Error error) {
  error.context += "; mount the service account's token (automountServiceAccountToken or a projected volume)";
  return std::unexpected(std::move(error));
}

[[nodiscard]] std::string trimmed(std::string text) {
  constexpr std::string_view space = " \t\r\n";
  text.erase(text.find_last_not_of(space) + 1);
  text.erase(0, text.find_first_not_of(space));
  return text;
}

}  // namespace

PodPlaces find_pod_places() {
  PodPlaces out;
  out.host = variable("KUBERNETES_SERVICE_HOST");
  out.port = variable("KUBERNETES_SERVICE_PORT");
  return out;
}

Result<Connection> read_in_cluster(const PodPlaces& places) {
  if (!is_in_cluster(places))
    return make_error(ErrorCode::InvalidArgument,
                      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; give "
                      "--kubeconfig FILE");
  Connection out;
  const bool is_v6 = places.host.find(':') != std::string::npos;
  out.server.url = fmt::format(fmt::runtime(is_v6 ? "https://[{}]:{}" : "https://{}:{}"), places.host, places.port);
  out.server.authorities.path = places.folder + "/ca.crt";
  out.user.token_file = places.folder + "/token";
  for (const std::string& path : {out.server.authorities.path, out.user.token_file}) {
    auto bytes = read_small_file(path);
    if (!bytes) return without(std::move(bytes.error()));
    if (const Secret looked_at(std::move(*bytes)); looked_at.empty())
      return make_error(ErrorCode::InvalidArgument, path + " is empty");
  }
  out.ns = trimmed(read_small_file(places.folder + "/namespace").value_or(""));
  if (out.ns.empty()) out.ns = "default";
  return out;
}

}  // namespace pintle::kube
