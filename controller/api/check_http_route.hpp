// Rules between the fields of an HTTPRoute (the CEL rules of its CRD). Called in Strict mode. Private to this
// module.
#pragma once
#include "controller/api/fields.hpp"
#include "controller/api/http_route.hpp"

namespace pintle::api {

void check_rule(const Field& field, const HTTPRouteRule& rule);
void check_rules(const Field& list, const std::vector<HTTPRouteRule>& rules);
/// References to one parent must be told apart by sectionName or port, all in the same way.
void check_parent_references(const Field& list, const std::vector<ParentReference>& parents);

}  // namespace pintle::api
