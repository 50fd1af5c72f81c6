#include "dataplane/observe/families.hpp"

#include <iterator>

#include <fmt/format.h>

namespace pintle::observe {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

void append_name(std::string& out, std::string_view name, std::string_view labels) {
  out += name;
  if (!labels.empty()) {
    out += '{';
    out += labels;
    out += '}';
  }
  out += ' ';
}

}  // namespace

std::string join_labels(std::initializer_list<Label> labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (value.empty()) continue;
    if (!out.empty()) out += ',';
    out += name;
    out += "=\"";
    append_escaped(out, value);
    out += '"';
  }
  return out;
}

void append_head(std::string& out, const FamilyHead& head) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", head.name, head.help, head.name, head.type);
}

void append_sample(std::string& out, std::string_view name, std::string_view labels, double value) {
  append_name(out, name, labels);
  fmt::format_to(std::back_inserter(out), "{}\n", value);
}
void append_sample(std::string& out, std::string_view name, std::string_view labels, std::int64_t value) {
  append_name(out, name, labels);
  fmt::format_to(std::back_inserter(out), "{}\n", value);
}

void append_histogram_bucket(std::string& out, std::string_view name, std::string_view labels, double bound,
                             std::uint64_t count) {
  fmt::format_to(std::back_inserter(out), "{}_bucket{{{}{}le=\"", name, labels, labels.empty() ? "" : ",");
  if (bound < 0)
    out += "+Inf";
  else
    fmt::format_to(std::back_inserter(out), "{}", bound);
  fmt::format_to(std::back_inserter(out), "\"}} {}\n", count);
}

void append_histogram_totals(std::string& out, std::string_view name, std::string_view labels, double sum,
                             std::uint64_t count) {
  append_sample(out, fmt::format("{}_sum", name), labels, sum);
  append_sample(out, fmt::format("{}_count", name), labels, static_cast<std::int64_t>(count));
}

void ScalarFamily::append_to(std::string& out, const FamilyHead& head) const {
  if (values_.empty()) return;
  append_head(out, head);
  for (const auto& [labels, value] : values_) append_sample(out, head.name, labels, value);
}

}  // namespace pintle::observe
