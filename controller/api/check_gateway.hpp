// Rules between the fields of a Gateway or ListenerSet (the CEL rules of their CRDs). Called in Strict mode. Private to
// this module.
#pragma once
#include "controller/api/fields.hpp"
#include "controller/api/gateway.hpp"

namespace pintle::api {

void check_listeners(const Field& list, const std::vector<Listener>& listeners);
void check_addresses(const Field& list, const std::vector<GatewayAddress>& addresses);

enum class LabelMap : std::uint8_t { Labels, Annotations };
/// Keys of both, values of labels.
void check_label_map(const Field& field, const Labels& map, LabelMap which);

}  // namespace pintle::api
