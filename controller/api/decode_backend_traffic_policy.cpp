#include "controller/api/decode_parts.hpp"

namespace pintle::api {
namespace {

constexpr Millis longest_interval{3'600'000};

/// A Service as a whole: no sectionName.
PolicyTargetReference read_target(const Field& field) {
  PolicyTargetReference out;
  Fields fields(field);
  read_full_name(fields, out);
  fields.finish();
  return out;
}

Millis read_interval(Fields& fields, Millis least, Millis otherwise) {
  const auto field = fields.find("interval");
  if (!field) return otherwise;
  const Millis interval = read_duration(*field);
  if (interval >= least && interval <= longest_interval) return interval;
  field->report_value({.id = "GW0304",
                       .message = least > Millis(1) ? "an interval is between 1s and 1h long"
                                                    : "an interval is longer than 0s and at most 1h long",
                       .fix = {}});
  return otherwise;
}

RetryConstraint read_constraint(const Field& field) {
  RetryConstraint out;
  Fields fields(field);
  if (const auto budget = fields.find("budget")) {
    Fields parts(*budget);
    if (const auto percent = parts.find("percent"))
      out.budget_percent = static_cast<std::int32_t>(read_number(*percent, {.min = 0, .max = 100}));
    out.budget_interval = read_interval(parts, Millis(1'000), out.budget_interval);
    parts.finish();
  }
  if (const auto rate = fields.find("minRetryRate")) {
    Fields parts(*rate);
    if (const auto count = parts.find("count"))
      out.min_retry_count = static_cast<std::int32_t>(read_number(*count, {.min = 1, .max = 1'000'000}));
    out.min_retry_interval = read_interval(parts, Millis(1), out.min_retry_interval);
    parts.finish();
  }
  fields.finish();
  return out;
}

}  // namespace

void read_backend_traffic_policy(Fields& root, const Field& /*field*/, XBackendTrafficPolicy& out) {
  if (const auto field = root.require("spec")) {
    Fields fields(*field);
    const auto targets = fields.require("targetRefs");
    if (targets) {
      out.spec.target_refs = read_list<PolicyTargetReference>(*targets, {.min = 1, .max = 16}, read_target);
      check_unique(
          *targets, out.spec.target_refs,
          [](const PolicyTargetReference& one) { return one.group + '/' + one.kind + '/' + one.name; }, "a target");
    }
    if (const auto constraint = fields.find("retryConstraint"))
      out.spec.retry_constraint = read_constraint(*constraint);
    if (const auto session = fields.find("sessionPersistence")) out.spec.session_persistence = read_session(*session);
    fields.finish();
  }
  if (const auto status = root.find("status")) out.status = read_policy_status(*status);
}

}  // namespace pintle::api
