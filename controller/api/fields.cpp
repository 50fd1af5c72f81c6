#include "controller/api/fields.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace pintle::api {

std::string Field::path() const {
  switch (step_) {
    case Step::Root:
      return {};
    case Step::Index:
      return fmt::format("{}[{}]", parent_->path(), index_);
    case Step::MapKey:
      return fmt::format("{}[{}]", parent_->path(), key_);
    case Step::Name:
      break;
  }
  const std::string before = parent_->path();
  return before.empty() ? std::string(key_) : fmt::format("{}.{}", before, key_);
}

Position Field::place() const noexcept {
  const bool scalar = value_->type != Value::Type::Sequence && value_->type != Value::Type::Mapping;
  return scalar && value_->type != Value::Type::Null ? value_->at : at_;
}

void Field::report(Fault fault) const {
  const Position at = place();
  if (fault.severity == Severity::Error) state_->refused = true;
  state_->findings.push_back({.id = fault.id,
                              .severity = fault.severity,
                              .file = state_->file,
                              .line = at.line,
                              .column = at.column,
                              .object = visible(state_->object),
                              .field_path = visible(path()),
                              .message = std::move(fault.message),
                              .fix = std::move(fault.fix)});
}

void Field::report_type(std::string_view wanted) const {
  std::string fix;
  if (wanted == "a string" && !value_->text.empty()) fix = fmt::format("put it in quotes: {}", quote(value_->text));
  if (wanted != "a string" && value_->type == Value::Type::String) fix = "write it without quotes";
  if (wanted == "a list" && !is_null()) fix = "write it as a list: put \"- \" before it";
  report({.id = "GW0203",
          .message = fmt::format("must be {}, not {}", wanted, to_string(value_->type)),
          .fix = std::move(fix)});
}

void Field::report_missing(std::string_view key) const {
  report({.id = "GW0202",
          .message = fmt::format("required field {} is missing", quote(key)),
          .fix = fmt::format("add {}", key)});
}

Fields::Fields(const Field& object) : object_(object) {
  if (object.value().type != Value::Type::Mapping) object.report_type("an object");
  seen_.resize(object.value().members.size(), false);
}

std::optional<Field> Fields::find(std::string_view key) {
  known_.push_back(key);
  const std::vector<Member>& members = object_.value().members;
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (members[at].key != key) continue;
    seen_[at] = true;
    if (members[at].value.type == Value::Type::Null) return std::nullopt;
    return object_.member(members[at]);
  }
  return std::nullopt;
}

std::optional<Field> Fields::require(std::string_view key) {
  auto found = find(key);
  if (!found && object_.value().type == Value::Type::Mapping) object_.report_missing(key);
  return found;
}

void Fields::ignore(std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) (void)find(key);
}

namespace {

/// Edit distance, cut off: good enough to guess a typing error.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const bool same = (a[i - 1] | 0x20) == (b[j - 1] | 0x20);
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (same ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& known) {
  if (word.size() > 64) return {};
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t found = distance(word, candidate);
    if (found < least) {
      least = found;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace

void Fields::finish() {
  if (!object_.strict()) return;
  const std::vector<Member>& members = object_.value().members;
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (seen_[at]) continue;
    const std::string likely = suggest(members[at].key, known_);
    DecodeState& state = object_.state();
    state.refused = true;
    const std::string path = object_.path();
    state.findings.push_back(
        {.id = "GW0201",
         .severity = Severity::Error,
         .file = state.file,
         .line = members[at].at.line,
         .column = members[at].at.column,
         .object = visible(state.object),
         .field_path = visible(path.empty() ? members[at].key : fmt::format("{}.{}", path, members[at].key)),
         .message = fmt::format("unknown field {}", quote(members[at].key)),
         .fix = likely.empty() ? "remove it" : fmt::format("did you mean {}?", quote(likely))});
  }
}

void report_enum(const Field& field, const std::vector<std::string_view>& words) {
  const std::string likely = suggest(field.value().text, words);
  field.report({.id = "GW0305",
                .message = fmt::format("{} is not one of {}", quote(field.value().text), fmt::join(words, ", ")),
                .fix = likely.empty() ? std::string() : fmt::format("did you mean {}?", quote(likely))});
}

std::string read_text(const Field& field, const TextRule& rule) {
  if (field.value().type != Value::Type::String) {
    field.report_type("a string");
    return {};
  }
  const std::string& text = field.value().text;
  if (!field.strict()) return text;
  if (text.size() < rule.min) {
    field.report({.id = "GW0306",
                  .message = "must not be empty",
                  .fix = rule.wanted.empty() ? "" : fmt::format("write {}", rule.wanted)});
  } else if (text.size() > rule.max) {
    field.report({.id = "GW0306",
                  .message = fmt::format("is {} characters long, at most {} are allowed", text.size(), rule.max),
                  .fix = {}});
  } else if (!rule.accepts(text)) {
    field.report({.id = rule.id, .message = fmt::format("{} is not {}", quote(text), rule.wanted), .fix = {}});
  }
  return text;
}

std::int64_t read_number(const Field& field, NumberRule rule) {
  if (field.value().type != Value::Type::Integer) {
    field.report_type("an integer");
    return rule.min;
  }
  const std::int64_t number = field.value().integer;
  if (number >= rule.min && number <= rule.max) return number;
  field.report({.id = "GW0304",
                .message = fmt::format("{} is out of range: {} to {} are allowed", number, rule.min, rule.max),
                .fix = {}});
  return std::clamp(number, rule.min, rule.max);
}

std::uint16_t read_port(const Field& field) {
  return static_cast<std::uint16_t>(read_number(field, {.min = 1, .max = 65535}));
}

bool read_bool(const Field& field) {
  if (field.value().type != Value::Type::Bool) field.report_type("true or false");
  return field.value().integer != 0;
}

Millis read_duration(const Field& field) {
  if (field.value().type != Value::Type::String) {
    field.report_type("a string");
    return Millis(0);
  }
  const auto found = find_duration(field.value().text);
  if (!found) {
    field.report({.id = "GW0310",
                  .message = fmt::format("{} is not a duration", quote(field.value().text)),
                  .fix = "write whole numbers with h, m, s or ms, such as \"1m30s\" or \"500ms\" (GEP-2257)"});
  }
  return found.value_or(Millis(0));
}

std::optional<Wall> read_timestamp(const Field& field) {
  const auto found = field.value().type == Value::Type::String ? find_timestamp(field.value().text) : std::nullopt;
  if (!found)
    field.report_value(
        {.id = "GW0314", .message = "is not an RFC 3339 time", .fix = "write it as \"2026-06-01T12:00:00Z\""});
  return found;
}

StringMap read_string_map(const Field& field, ListRule rule) {
  StringMap out;
  if (field.value().type != Value::Type::Mapping) {
    field.report_type("an object");
    return out;
  }
  if (field.value().members.size() > rule.max) {
    field.report_value({.id = "GW0311", .message = fmt::format("has more than {} entries", rule.max), .fix = {}});
  }
  for (const Member& member : field.value().members) {
    if (member.value.type == Value::Type::Null) {
      out.emplace(member.key, std::string());
      continue;
    }
    out.emplace(member.key, read_text(field.member(member, true)));
  }
  return out;
}

LabelSelector read_label_selector(const Field& field) {
  using Operator = LabelSelectorRequirement::Operator;
  static constexpr std::array<EnumWord<Operator>, 4> operators{{{"In", Operator::In},
                                                                {"NotIn", Operator::NotIn},
                                                                {"Exists", Operator::Exists},
                                                                {"DoesNotExist", Operator::DoesNotExist}}};
  LabelSelector out;
  Fields fields(field);
  if (const auto labels = fields.find("matchLabels")) out.match_labels = read_string_map(*labels);
  out.match_expressions = list_of<LabelSelectorRequirement>(fields, "matchExpressions", {}, [](const Field& item) {
    LabelSelectorRequirement one;
    Fields parts(item);
    one.key = required_text(parts, "key");
    // the CRDs take any text here: an unknown operator is a condition of the listener, not a refused
    // object
    const std::string word = required_text(parts, "operator");
    one.op = OpenEnum<Operator>::unknown(word);
    for (const auto& [text, value] : operators) {
      if (text == word) one.op = value;
    }
    one.values = text_list(parts, "values", {});
    parts.finish();
    return one;
  });
  fields.finish();
  return out;
}

std::string text_or(Fields& fields, std::string_view key, const TextRule& rule, std::string_view fallback) {
  const auto field = fields.find(key);
  return field ? read_text(*field, rule) : std::string(fallback);
}
std::optional<std::string> optional_text(Fields& fields, std::string_view key, const TextRule& rule) {
  const auto field = fields.find(key);
  if (!field) return std::nullopt;
  return read_text(*field, rule);
}
std::string required_text(Fields& fields, std::string_view key, const TextRule& rule) {
  const auto field = fields.require(key);
  return field ? read_text(*field, rule) : std::string();
}
std::optional<std::uint16_t> optional_port(Fields& fields, std::string_view key) {
  const auto field = fields.find(key);
  if (!field) return std::nullopt;
  return read_port(*field);
}
std::vector<std::string> text_list(Fields& fields, std::string_view key, ListRule list, const TextRule& rule) {
  return list_of<std::string>(fields, key, list, [&rule](const Field& item) { return read_text(item, rule); });
}

}  // namespace pintle::api
