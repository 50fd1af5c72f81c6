#include "controller/compile/yaml_text.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include <nlohmann/json.hpp>

namespace pintle::compile {
namespace {

using Json = nlohmann::ordered_json;

/// Only texts that no YAML reader takes for anything else stay bare.
bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  const auto first = static_cast<unsigned char>(text.front());
  if (std::isalpha(first) == 0 && first != '/') return false;
  static constexpr std::string_view words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (std::ranges::find(words, lower) != std::end(words)) return false;
  if (text.ends_with(' ') || text.ends_with(':')) return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

std::string scalar(const Json& value) {
  if (value.is_string() && is_plain(value.get_ref<const std::string&>())) return value.get<std::string>();
  // JSON's quoting is valid YAML; bytes that are no UTF-8 are replaced, not thrown about.
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool is_leaf(const Json& value) { return !value.is_structured() || value.empty(); }

void write(std::string& out, const Json& value, std::size_t indent, bool at_line_start);

void write_entry(std::string& out, const Json& value, std::size_t indent) {
  if (is_leaf(value)) {
    out += ' ' + scalar(value) + '\n';
    return;
  }
  out += '\n';
  write(out, value, indent, true);
}

/// `at_line_start`: the indentation of the first line is still to be written.
void write(std::string& out, const Json& value, std::size_t indent, bool at_line_start) {
  if (is_leaf(value)) {
    out += scalar(value) + '\n';
    return;
  }
  bool pad = at_line_start;
  if (value.is_array()) {
    for (const Json& item : value) {
      if (pad) out.append(indent, ' ');
      pad = true;
      out += "- ";
      write(out, item, indent + 2, false);
    }
    return;
  }
  for (const auto& [key, item] : value.items()) {
    if (pad) out.append(indent, ' ');
    pad = true;
    out += scalar(key) + ':';
    // A list stands at the column of its key, everything else two further in.
    write_entry(out, item, item.is_array() ? indent : indent + 2);
  }
}

}  // namespace

std::string to_yaml(const nlohmann::ordered_json& value) {
  std::string out;
  write(out, value, 0, true);
  return out;
}

}  // namespace pintle::compile
