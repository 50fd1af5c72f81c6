// What objects are asked: what selects what, what is the same, what a word is.
#include "controller/api/object.hpp"

#include <functional>

#include "test/unit/controller/api/objects.hpp"

namespace pintle::api {
namespace {

using test::as;
using test::decode_sound;

// ---- label selectors
// ------------------------------------------------------------------------------------------------

using Operator = LabelSelectorRequirement::Operator;

LabelSelector one_expression(const std::string& key, OpenEnum<Operator> op, std::vector<std::string> values = {}) {
  return {.match_labels = {}, .match_expressions = {{.key = key, .op = std::move(op), .values = std::move(values)}}};
}

TEST(LabelSelectors, EachOperatorAsTheApiDefinesIt) {
  const StringMap labels{{"a", "1"}, {"b", "2"}};
  EXPECT_TRUE(matches({}, labels)) << "an empty selector matches everything";
  EXPECT_TRUE(matches({.match_labels = {{"a", "1"}, {"b", "2"}}, .match_expressions = {}}, labels));
  EXPECT_FALSE(matches({.match_labels = {{"a", "1"}, {"c", "3"}}, .match_expressions = {}}, labels));
  EXPECT_FALSE(matches({.match_labels = {{"a", "2"}}, .match_expressions = {}}, labels));
  EXPECT_TRUE(matches(one_expression("a", Operator::In, {"0", "1"}), labels));
  EXPECT_FALSE(matches(one_expression("a", Operator::In, {"0"}), labels));
  EXPECT_FALSE(matches(one_expression("c", Operator::In, {"1"}), labels));
  EXPECT_TRUE(matches(one_expression("a", Operator::NotIn, {"0"}), labels));
  EXPECT_FALSE(matches(one_expression("a", Operator::NotIn, {"1"}), labels));
  EXPECT_TRUE(matches(one_expression("c", Operator::NotIn, {"1"}), labels)) << "an absent key is in no list";
  EXPECT_TRUE(matches(one_expression("a", Operator::Exists), labels));
  EXPECT_FALSE(matches(one_expression("c", Operator::Exists), labels));
  EXPECT_TRUE(matches(one_expression("c", Operator::DoesNotExist), labels));
  EXPECT_FALSE(matches(one_expression("a", Operator::DoesNotExist), labels));
  EXPECT_FALSE(matches(one_expression("a", OpenEnum<Operator>::unknown("Near")), labels));
}

TEST(LabelSelectors, AFaultIsNamed) {
  EXPECT_FALSE(find_fault({}));
  EXPECT_FALSE(find_fault(one_expression("a", Operator::In, {"1"})));
  EXPECT_FALSE(find_fault(one_expression("a", Operator::DoesNotExist)));
  const auto fault_of = [](const LabelSelector& selector) { return find_fault(selector).value_or(""); };
  EXPECT_EQ(fault_of(one_expression("", Operator::Exists)), "a label selector has an expression without key");
  EXPECT_EQ(fault_of(one_expression("a", OpenEnum<Operator>::unknown("Near"))),
            R"(operator "Near" of a label selector is not one of In, NotIn, Exists, DoesNotExist)");
  EXPECT_EQ(fault_of(one_expression("a", Operator::NotIn)), "a label selector's In or NotIn expression has no values");
  EXPECT_EQ(fault_of(one_expression("a", Operator::Exists, {"1"})),
            "a label selector's Exists or DoesNotExist expression has values");
}

// ---- words
// ----------------------------------------------------------------------------------------------------------

TEST(Words, AreThoseOfTheApi) {
  EXPECT_EQ(to_string(ConditionStatus::True), "True");
  EXPECT_EQ(to_string(ConditionStatus::False), "False");
  EXPECT_EQ(to_string(ConditionStatus::Unknown), "Unknown");
  EXPECT_EQ(to_string(HTTPMethod::GET), "GET");
  EXPECT_EQ(to_string(HTTPMethod::PATCH), "PATCH");
  EXPECT_EQ(to_string(HTTPMethod::Unknown), "Unknown");
  EXPECT_EQ(to_string(HTTPFilterType::RequestHeaderModifier), "RequestHeaderModifier");
  EXPECT_EQ(to_string(HTTPFilterType::ExtensionRef), "ExtensionRef");
  EXPECT_EQ(to_string(HTTPFilterType::Unknown), "Unknown");
  EXPECT_EQ(to_string(Severity::Info), "info");
  EXPECT_EQ(to_string(Severity::Warning), "warning");
  EXPECT_EQ(to_string(Severity::Error), "error");
  EXPECT_EQ(to_string(ObjectKey{Kind::Gateway, "n", "g"}), "Gateway n/g");
  EXPECT_EQ(to_string(ObjectKey{Kind::GatewayClass, "", "c"}), "GatewayClass c");
}

// ---- what is the same
// -----------------------------------------------------------------------------------------------

/// Visits each scalar below `value` that decoding keeps.
void for_each_leaf(Value& value, const std::function<void(Value&)>& visit) {
  for (Value& item : value.items) for_each_leaf(item, visit);
  for (Member& member : value.members) {
    // of an owner, of a target, of an endpoint: known fields that nothing here
    // needs
    const bool dropped = member.key == "apiVersion" || member.key == "hostname" || member.key == "targetRef";
    if (!dropped || (member.key == "hostname" && value.find("addresses") == nullptr))
      for_each_leaf(member.value, visit);
  }
  const bool scalar =
      value.type == Value::Type::String || value.type == Value::Type::Integer || value.type == Value::Type::Bool;
  if (scalar) visit(value);
}

/// Another value of the same type.
void change(Value& leaf) {
  switch (leaf.type) {
    case Value::Type::String:
      leaf.text += 'x';
      break;
    case Value::Type::Integer:
      ++leaf.integer;
      break;
    default:
      leaf.integer = 1 - leaf.integer;
      break;
  }
}

/// No field that is kept is left out when two objects are compared.
TEST(SameContent, EachFieldCounts) {
  int compared = 0;
  for (const std::string_view text : test::full_manifests) {
    SCOPED_TRACE(text);
    Value root = test::read_documents(text).at(0).root;
    const AnyObject original = decode_sound(text);
    EXPECT_TRUE(same_content(original, decode_sound(text)));
    for (Member& part : root.members) {
      if (part.key == "apiVersion" || part.key == "kind") continue;
      for_each_leaf(part.value, [&](Value& leaf) {
        const Value before = leaf;
        change(leaf);
        const std::optional<AnyObject> changed = test::decode(root, DecodeMode::Lenient).object;
        // What does not decode any more, as a time of day or base64 that is
        // none, is no object to compare with.
        if (changed) {
          ++compared;
          EXPECT_FALSE(same_content(original, *changed)) << part.key << ": " << before.text;
        }
        leaf = before;
      });
    }
  }
  EXPECT_GT(compared, 150);
}

AnyObject with(std::string_view text, std::string_view what, std::string_view by) {
  std::string other(text);
  const std::size_t at = other.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return decode_sound(other.replace(at, what.size(), by));
}

TEST(SameInput, StatusAndVersionsAreNoInput) {
  const std::string_view text = test::full_manifests[1];
  const AnyObject gateway = decode_sound(text);
  const AnyObject other_status = with(text, "attachedRoutes: 1", "attachedRoutes: 7");
  EXPECT_FALSE(same_content(gateway, other_status));
  EXPECT_TRUE(same_input(gateway, other_status) && same_spec(gateway, other_status));
  const AnyObject other_version = with(text, "name: one", "name: one\n  resourceVersion: \"8\"");
  EXPECT_FALSE(same_content(gateway, other_version));
  EXPECT_TRUE(same_input(gateway, other_version) && same_spec(gateway, other_version));
  const AnyObject other_annotation = with(text, "annotations: {a: b}", "annotations: {a: c}");
  EXPECT_FALSE(same_input(gateway, other_annotation));
  EXPECT_TRUE(same_spec(gateway, other_annotation));
  const AnyObject other_spec = with(text, "port: 443", "port: 444");
  EXPECT_FALSE(same_input(gateway, other_spec) || same_spec(gateway, other_spec));
}

TEST(SameInput, AKindWithoutStatusIsComparedWhole) {
  for (const std::string_view text : test::full_manifests) {
    EXPECT_TRUE(same_input(decode_sound(text), decode_sound(text))) << text;
    EXPECT_TRUE(same_spec(decode_sound(text), decode_sound(text))) << text;
  }
  const std::string_view map = test::full_manifests[7];
  EXPECT_FALSE(same_input(decode_sound(map), with(map, "ca.crt: text", "ca.crt: other")));
}

TEST(SameInput, AnotherKindIsNeverTheSame) {
  const AnyObject one = decode_sound(test::full_manifests[6]);
  const AnyObject other = decode_sound(test::full_manifests[7]);
  EXPECT_FALSE(same_content(one, other) || same_input(one, other) || same_spec(one, other));
}

TEST(SetIdentity, OfAnyKind) {
  for (const std::string_view text : test::full_manifests) {
    AnyObject object = decode_sound(text);
    set_identity(object, 12, "uid-1");
    EXPECT_EQ(metadata_of(object).generation, 12) << text;
    EXPECT_EQ(metadata_of(object).uid, "uid-1") << text;
  }
}

// ---- decoded
// --------------------------------------------------------------------------------------------------------

TEST(Decode, RareFields) {
  const AnyObject gateway_object = decode_sound(test::full_manifests[1]);
  const auto& gateway = as<Gateway>(gateway_object);
  ASSERT_EQ(gateway.metadata.owner_references.size(), 1U);
  EXPECT_EQ(gateway.metadata.owner_references[0].uid, "u");
  EXPECT_TRUE(gateway.metadata.owner_references[0].controller);
  ASSERT_TRUE(gateway.spec.tls && gateway.spec.tls->frontend && gateway.spec.tls->backend_client_certificate_ref);
  EXPECT_EQ(gateway.spec.tls->backend_client_certificate_ref->name, "client");
  ASSERT_EQ(gateway.spec.tls->frontend->per_port.size(), 1U);
  EXPECT_EQ(gateway.spec.tls->frontend->per_port[0].port, 8443);
  EXPECT_TRUE(gateway.spec.default_scope == DefaultScope::All);
  EXPECT_EQ(gateway.status.attached_listener_sets, 2);

  const AnyObject slice_object = decode_sound(test::full_manifests[5]);
  const auto& slice = as<EndpointSlice>(slice_object);
  EXPECT_EQ(slice.service_name(), "backend");
  EXPECT_EQ(slice.endpoints.at(0).target_name, "pod");
  const AnyObject loose = with(test::full_manifests[5], ", labels: {kubernetes.io/service-name: backend}", "");
  EXPECT_EQ(as<EndpointSlice>(loose).service_name(), "");

  const AnyObject secret_object = decode_sound(test::full_manifests[6]);
  const auto& secret = as<Secret>(secret_object);
  ASSERT_NE(secret.find("tls.crt"), nullptr);
  EXPECT_EQ(secret.find("tls.crt")->reveal(), "a");
  ASSERT_NE(secret.find("empty"), nullptr) << "null is the empty value";
  EXPECT_EQ(secret.find("empty")->reveal(), "");
  EXPECT_EQ(secret.find("tls.key"), nullptr);
}

struct FaultRow {
  std::size_t manifest;
  std::string_view what, by, id;
};

TEST(Decode, FaultsOfRareFields) {
  constexpr FaultRow rows[] = {
      {1, "hostname: a.example", "hostname: 192.0.2.1", "GW0318"},
      {1, "value: a.example", "value: -a-", "GW0303"},
      {6, "YQ==", "17", "GW0203"},
      {6, "YQ==", "a", "GW0313"},
      {6, "{tls.crt: YQ==, empty: null}", "text", "GW0203"},
  };
  for (const FaultRow& row : rows) {
    std::string text(test::full_manifests[row.manifest]);
    const std::size_t at = text.find(row.what);
    ASSERT_NE(at, std::string::npos) << row.what;
    text.replace(at, row.what.size(), row.by);
    const auto made = test::decode(test::read_documents(text).at(0).root, DecodeMode::Strict);
    bool found = false;
    for (const Finding& one : made.findings) found = found || one.id == row.id;
    EXPECT_TRUE(found) << row.by << " gives " << (made.findings.empty() ? "nothing" : format_finding(made.findings[0]));
  }
}

}  // namespace
}  // namespace pintle::api
