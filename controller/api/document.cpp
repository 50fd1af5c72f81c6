#include "controller/api/document.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

namespace pintle::api {

const Member* Value::find(std::string_view key) const noexcept {
  for (const Member& member : members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

std::string_view to_string(Value::Type type) noexcept {
  switch (type) {
    case Value::Type::Null:
      return "null";
    case Value::Type::Bool:
      return "a boolean";
    case Value::Type::Integer:
      return "an integer";
    case Value::Type::Float:
      return "a number";
    case Value::Type::String:
      return "a string";
    case Value::Type::Sequence:
      return "a list";
    case Value::Type::Mapping:
      return "an object";
  }
  return "";
}

namespace {

/// One step of a field path: a key, or what stands between brackets (an index, or a map key).
struct Step {
  std::string_view text;
  std::size_t used = 0;
};

Step next_step(std::string_view path) noexcept {
  if (path.starts_with('[')) {
    const std::size_t close = path.find(']');
    if (close == std::string_view::npos) return {path.substr(1), path.size()};
    return {path.substr(1, close - 1), close + 1};
  }
  const std::size_t skip = path.starts_with('.') ? 1U : 0U;
  const std::size_t end = path.find_first_of(".[", skip);
  const std::size_t stop = end == std::string_view::npos ? path.size() : end;
  return {path.substr(skip, stop - skip), stop};
}

}  // namespace

Position find_position(const Value& root, std::string_view field_path) noexcept {
  const Value* at = &root;
  Position place = root.at;
  while (!field_path.empty()) {
    const Step step = next_step(field_path);
    if (step.used == 0) break;
    field_path.remove_prefix(step.used);
    if (at->type == Value::Type::Sequence) {
      std::size_t index = 0;
      const auto [end, code] = std::from_chars(step.text.data(), step.text.data() + step.text.size(), index);
      if (code != std::errc() || index >= at->items.size()) break;
      at = &at->items[index];
      place = at->at;
    } else {
      const Member* member = at->find(step.text);
      if (member == nullptr) break;
      at = &member->value;
      // a scalar is shown itself, a list or object by its key: that is where a person looks
      const bool nested = at->type == Value::Type::Sequence || at->type == Value::Type::Mapping;
      place = nested || at->type == Value::Type::Null ? member->at : at->at;
    }
  }
  return place;
}

namespace {

/// The character at the front of `text`, or part of one, control characters as escapes; the bytes it took.
std::size_t add_visible(std::string& out, std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  const unsigned next = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U;
  if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // C1: a terminal may take U+009B for ESC [
    out += fmt::format("\\u{:04x}", next);
    return 2;
  }
  if (byte == '\n')
    out += "\\n";
  else if (byte < 0x20 || byte == 0x7F)
    out += fmt::format("\\x{:02x}", byte);
  else
    out += text.front();
  return 1;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) at += add_visible(out, text.substr(at));
  return out;
}

std::string quote(std::string_view text, std::size_t limit) {
  std::string out = "\"";
  const bool cut = text.size() > limit;
  if (cut) {
    text = text.substr(0, limit);
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.remove_suffix(1);
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0U) text.remove_suffix(1);
  }
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\\') out += '\\';
    at += add_visible(out, text.substr(at));
  }
  out += cut ? "…\"" : "\"";
  return out;
}

void drop_duplicate_keys(Value& object, const std::function<void(const Member&, const Member&)>& report) {
  std::vector<Member>& members = object.members;
  if (members.size() < 2) return;
  std::vector<std::uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const int compared = members[a].key.compare(members[b].key);
    return compared != 0 ? compared < 0 : a < b;
  });
  std::vector<bool> dropped(members.size(), false);
  bool any = false;
  std::uint32_t first = order[0];
  for (std::size_t i = 1; i < order.size(); ++i) {
    Member& again = members[order[i]];
    if (again.key != members[first].key) {
      first = order[i];
      continue;
    }
    report(again, members[first]);
    members[first].value = std::move(again.value);
    dropped[order[i]] = any = true;
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t at = 0; at < members.size(); ++at) {
    if (dropped[at]) continue;
    if (kept != at) members[kept] = std::move(members[at]);
    ++kept;
  }
  members.resize(kept);
}

}  // namespace pintle::api
