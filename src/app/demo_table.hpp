// The table of `pintle demo`: which requests, what came back, where each went. Values in, values out.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "src/app/http_client.hpp"

namespace pintle::app {

/// A request of the demo and what the built-in manifests make of it.
struct DemoRequest {
  std::string scheme = "http";
  std::string host;
  std::string path = "/";
  std::string header;  ///< "Name: value" or empty
  unsigned status = 200;
  std::string pod;  ///< only this one may answer; empty: any
};
[[nodiscard]] const std::vector<DemoRequest>& demo_requests();

struct DemoPorts {
  std::uint16_t http = 0;
  std::uint16_t https = 0;
};
/// "http://shop.localhost:8080/".
[[nodiscard]] std::string url_of(const DemoRequest& request, const DemoPorts& ports);
/// Over loopback; https verified against `ca_file`.
[[nodiscard]] FetchRequest fetch_of(const DemoRequest& request, const DemoPorts& ports, const std::string& ca_file);

struct DemoRow {
  std::vector<std::string> cells;  ///< as demo_columns()
  std::string fault;               ///< empty: as expected
};
[[nodiscard]] std::vector<std::string> demo_columns();
/// `walk`: of explain_request for the same request.
[[nodiscard]] DemoRow make_row(const DemoRequest& request, const DemoPorts& ports,
                               const Result<FetchResponse>& response, const nlohmann::ordered_json& walk);

}  // namespace pintle::app
