// The tools of decoding: a Field is a node with the way that leads to it, Fields reads the members of an
// object and knows which were never asked for. Private to this module.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/api/decode.hpp"
#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"
#include "controller/api/object.hpp"
#include "controller/api/rules.hpp"

namespace pintle::api {

/// What one object's decoding shares.
struct DecodeState {
  DecodeOptions options;
  std::vector<Finding>& findings;
  std::string file;
  std::string object;    ///< for findings: "HTTPRoute default/shop"
  bool refused = false;  ///< a finding of severity Error has been made
  [[nodiscard]] bool strict() const noexcept { return options.mode == DecodeMode::Strict; }
};

struct Fault {
  std::string_view id;
  std::string message;
  std::string fix;
  Severity severity = Severity::Error;
};

/// Lives on the stack while its node is read; `parent` outlives it. The path is spelled only when a fault is
/// reported.
class Field {
 public:
  Field(DecodeState& state, const Value& root) : state_(&state), value_(&root), at_(root.at) {}
  [[nodiscard]] Field member(const Member& held, bool map_key = false) const {
    return {*state_, held.value, this, held.key, held.at, map_key ? Step::MapKey : Step::Name};
  }
  [[nodiscard]] Field item(std::size_t index) const {
    Field made(*state_, value_->items[index], this, {}, value_->items[index].at, Step::Index);
    made.index_ = index;
    return made;
  }

  [[nodiscard]] const Value& value() const noexcept { return *value_; }
  [[nodiscard]] DecodeState& state() const noexcept { return *state_; }
  [[nodiscard]] bool strict() const noexcept { return state_->strict(); }
  [[nodiscard]] bool is_null() const noexcept { return value_->type == Value::Type::Null; }
  [[nodiscard]] std::string path() const;
  /// Of the key for a list or object, of the value for a scalar.
  [[nodiscard]] Position place() const noexcept;

  /// Refuses the object.
  void report(Fault fault) const;
  /// The fault is one of a value or rule: reported only in Strict.
  void report_value(Fault fault) const {
    if (strict()) report(std::move(fault));
  }
  void report_type(std::string_view wanted) const;
  void report_missing(std::string_view key) const;

 private:
  enum class Step : std::uint8_t { Root, Name, MapKey, Index };
  Field(DecodeState& state, const Value& value, const Field* parent, std::string_view key, Position at, Step step)
      : state_(&state), value_(&value), parent_(parent), key_(key), at_(at), step_(step) {}

  DecodeState* state_;
  const Value* value_;
  const Field* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  Position at_;
  Step step_ = Step::Root;
};

/// Members of an object. Its destructor does nothing: call finish() when every known key has been asked for.
class Fields {
 public:
  /// A node that is no object is reported; then every find() answers nothing.
  explicit Fields(const Field& object);

  /// nullopt when absent or null (which the API takes as absent).
  [[nodiscard]] std::optional<Field> find(std::string_view key);
  /// The same, reporting a missing one.
  [[nodiscard]] std::optional<Field> require(std::string_view key);
  void ignore(std::initializer_list<std::string_view> keys);
  /// Reports every key never asked for (Strict).
  void finish();

 private:
  const Field& object_;
  std::vector<bool> seen_;
  std::vector<std::string_view> known_;
};

struct TextRule {
  bool (*accepts)(std::string_view) noexcept = is_any_text;
  std::size_t min = 0;
  std::size_t max = std::string_view::npos;
  std::string_view id = "GW0312";  ///< of the finding when `accepts` says no
  std::string_view wanted{};       ///< "a host name such as …"
};
struct ListRule {
  std::size_t min = 0;
  std::size_t max = std::string_view::npos;
};
struct NumberRule {
  std::int64_t min = 0;
  std::int64_t max = 0x7fffffff;
};

[[nodiscard]] std::string read_text(const Field& field, const TextRule& rule = {});
[[nodiscard]] std::int64_t read_number(const Field& field, NumberRule rule);
[[nodiscard]] std::uint16_t read_port(const Field& field);
[[nodiscard]] bool read_bool(const Field& field);
[[nodiscard]] Millis read_duration(const Field& field);
[[nodiscard]] std::optional<Wall> read_timestamp(const Field& field);
[[nodiscard]] StringMap read_string_map(const Field& field, ListRule rule = {});
[[nodiscard]] LabelSelector read_label_selector(const Field& field);

/// Optional member with a default.
[[nodiscard]] std::string text_or(Fields& fields, std::string_view key, const TextRule& rule,
                                  std::string_view fallback);
[[nodiscard]] std::optional<std::string> optional_text(Fields& fields, std::string_view key, const TextRule& rule = {});
[[nodiscard]] std::string required_text(Fields& fields, std::string_view key, const TextRule& rule = {});
[[nodiscard]] std::optional<std::uint16_t> optional_port(Fields& fields, std::string_view key);

template <class T, class Read>
[[nodiscard]] std::vector<T> read_list(const Field& field, ListRule rule, Read read) {
  std::vector<T> out;
  const std::vector<Value>& items = field.value().items;
  if (field.value().type != Value::Type::Sequence) {
    field.report_type("a list");
    return out;
  }
  if (items.size() > rule.max) {
    field.report_value({.id = "GW0311",
                        .message = "has " + std::to_string(items.size()) + " items, at most " +
                                   std::to_string(rule.max) + " are allowed",
                        .fix = "remove some, or split the object"});
  }
  if (items.size() < rule.min) {
    field.report_value(
        {.id = "GW0311", .message = "must have at least " + std::to_string(rule.min) + " item", .fix = {}});
  }
  out.reserve(items.size());
  for (std::size_t index = 0; index < items.size(); ++index) out.push_back(read(field.item(index)));
  return out;
}
template <class T, class Read>
[[nodiscard]] std::vector<T> list_of(Fields& fields, std::string_view key, ListRule rule, Read read) {
  const auto field = fields.find(key);
  return field ? read_list<T>(*field, rule, read) : std::vector<T>();
}
[[nodiscard]] std::vector<std::string> text_list(Fields& fields, std::string_view key, ListRule list,
                                                 const TextRule& rule = {});

template <class E>
using EnumWord = std::pair<std::string_view, E>;

void report_enum(const Field& field, const std::vector<std::string_view>& words);

/// Strict: an unknown word is a finding. In both modes it comes back as Unknown with its text.
template <class E, class Words>
[[nodiscard]] OpenEnum<E> read_enum(const Field& field, const Words& words) {
  const std::string word = read_text(field);
  for (const auto& [text, value] : words) {
    if (text == word) return value;
  }
  if (field.strict() && field.value().type == Value::Type::String) {
    std::vector<std::string_view> texts;
    texts.reserve(std::size(words));
    for (const auto& known : words) texts.push_back(known.first);
    report_enum(field, texts);
  }
  return OpenEnum<E>::unknown(word);
}
template <class E, class Words>
[[nodiscard]] OpenEnum<E> enum_or(Fields& fields, std::string_view key, const Words& words, E fallback) {
  const auto field = fields.find(key);
  return field ? read_enum<E>(*field, words) : OpenEnum<E>(fallback);
}

/// Reports items whose `name` equals that of an earlier one (lists of type map or set).
template <class T, class Name>
void check_unique(const Field& list, const std::vector<T>& items, Name name, std::string_view what) {
  if (!list.strict()) return;
  for (std::size_t at = 1; at < items.size(); ++at) {
    for (std::size_t before = 0; before < at; ++before) {
      if (name(items[before]) != name(items[at])) continue;
      list.item(at).report({.id = "GW0316",
                            .message = std::string(what) + " stands twice, first as item " + std::to_string(before),
                            .fix = "remove one of them"});
      break;
    }
  }
}

// Names used all over the API.
inline constexpr TextRule name_rule{.min = 1, .max = 253};  // object names in references: length only, as the CRDs
inline constexpr TextRule namespace_rule{.accepts = is_dns_label,
                                         .min = 1,
                                         .max = 63,
                                         .id = "GW0302",
                                         .wanted = "a namespace name: lower case letters, digits and '-'"};
inline constexpr TextRule group_rule{
    .accepts = is_group, .max = 253, .wanted = "an API group such as gateway.networking.k8s.io, or \"\" for core"};
inline constexpr TextRule kind_rule{.accepts = is_kind_name, .min = 1, .max = 63, .wanted = "a kind such as Service"};
inline constexpr TextRule section_rule{.accepts = is_dns_subdomain,
                                       .min = 1,
                                       .max = 253,
                                       .id = "GW0301",
                                       .wanted = "a name: lower case letters, digits, '-' and '.'"};
inline constexpr TextRule hostname_rule{.accepts = is_hostname,
                                        .min = 1,
                                        .max = 253,
                                        .id = "GW0303",
                                        .wanted = "a lower case host name, \"*.\" allowed as its first label"};
inline constexpr TextRule precise_hostname_rule{.accepts = is_dns_subdomain,
                                                .min = 1,
                                                .max = 253,
                                                .id = "GW0303",
                                                .wanted = "a lower case host name without wildcard"};
inline constexpr TextRule header_name_rule{.accepts = is_header_name,
                                           .min = 1,
                                           .max = 256,
                                           .id = "GW0307",
                                           .wanted = "a header name: letters, digits and !#$%&'*+-.^_`|~"};
inline constexpr TextRule controller_rule{.accepts = is_domain_prefixed_path,
                                          .min = 1,
                                          .max = 253,
                                          .wanted = "a domain and a path, such as pintle.example/gateway"};

}  // namespace pintle::api
