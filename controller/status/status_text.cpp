#include "controller/status/status_text.hpp"

#include <string_view>

#include <fmt/format.h>

namespace pintle::status {
namespace {

/// A double-quoted scalar of YAML: its escapes are a superset of JSON's.
[[nodiscard]] std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += c;
  }
  return out + '"';
}

/// Writes lines at a depth; a list item begins with "- " on its first line.
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}

  void text(std::string_view key, std::string_view value) { line(key, quoted(value)); }
  void number(std::string_view key, std::int64_t value) { line(key, fmt::format("{}", value)); }
  void open(std::string_view key) { line(key, {}), depth_ += 2; }
  void close() { depth_ -= 2; }
  /// `each` writes the members of one item.
  template <class Items, class Each>
  void list(std::string_view key, const Items& items, Each each) {
    if (items.empty()) return;
    open(key);
    for (const auto& item : items) {
      item_ = true;
      depth_ += 2;
      each(item);
      depth_ -= 2;
    }
    close();
  }

 private:
  void line(std::string_view key, std::string_view value) {
    out_.append(depth_ - (item_ ? 2 : 0), ' ');
    if (item_) out_ += "- ";
    item_ = false;
    out_ += fmt::format("{}:{}{}\n", key, value.empty() ? "" : " ", value);
  }
  std::string& out_;
  std::size_t depth_ = 0;
  bool item_ = false;
};

void write(Lines& lines, const std::vector<api::Condition>& conditions) {
  lines.list("conditions", conditions, [&lines](const api::Condition& one) {
    lines.text("type", one.type);
    lines.text("status", api::to_string(one.status));
    lines.text("reason", one.reason);
    lines.text("message", one.message);
    lines.number("observedGeneration", one.observed_generation);
    lines.text("lastTransitionTime", format_rfc3339(one.last_transition_time));
  });
}

void write(Lines& lines, const api::GatewayClassStatus& status) {
  write(lines, status.conditions);
  lines.list("supportedFeatures", status.supported_features,
             [&lines](const std::string& name) { lines.text("name", name); });
}

void write(Lines& lines, const std::vector<api::ListenerStatus>& listeners) {
  lines.list("listeners", listeners, [&lines](const api::ListenerStatus& listener) {
    lines.text("name", listener.name);
    lines.number("attachedRoutes", listener.attached_routes);
    lines.list("supportedKinds", listener.supported_kinds, [&lines](const api::RouteGroupKind& kind) {
      lines.text("group", kind.group);
      lines.text("kind", kind.kind);
    });
    write(lines, listener.conditions);
  });
}

void write(Lines& lines, const api::GatewayStatus& status) {
  lines.list("addresses", status.addresses, [&lines](const api::GatewayStatusAddress& address) {
    lines.text("type", address.type);
    lines.text("value", address.value);
  });
  write(lines, status.conditions);
  write(lines, status.listeners);
  if (status.attached_listener_sets) lines.number("attachedListenerSets", *status.attached_listener_sets);
}

void write(Lines& lines, const api::ListenerSetStatus& status) {
  write(lines, status.conditions);
  write(lines, status.listeners);
}

void write_entries(Lines& lines, std::string_view key, std::string_view ref_key,
                   const SharedList<api::RouteParentStatus>& entries) {
  lines.list(key, entries, [&](const api::RouteParentStatus& entry) {
    lines.open(ref_key);
    const api::ParentReference& ref = entry.parent_ref;
    lines.text("group", ref.group);
    lines.text("kind", ref.kind);
    if (ref.ns) lines.text("namespace", *ref.ns);
    lines.text("name", ref.name);
    if (ref.section_name) lines.text("sectionName", *ref.section_name);
    if (ref.port) lines.number("port", *ref.port);
    lines.close();
    lines.text("controllerName", entry.controller_name);
    write(lines, entry.conditions);
  });
}

void write(Lines& lines, const api::RouteStatus& status) {
  write_entries(lines, "parents", "parentRef", status.parents);
}
void write(Lines& lines, const api::PolicyStatus& status) {
  write_entries(lines, "ancestors", "ancestorRef", status.ancestors);
}

}  // namespace

std::string to_yaml(const StatusPatch& patch) {
  std::string out;
  Lines lines(out);
  const api::ObjectKey& key = patch.key;
  lines.text("apiVersion", api::api_version_of(key.kind));
  lines.text("kind", api::to_string(key.kind));
  lines.open("metadata");
  if (!key.ns.empty()) lines.text("namespace", key.ns);
  lines.text("name", key.name);
  lines.number("generation", patch.generation);
  lines.close();
  lines.open("status");
  std::visit([&lines](const auto& status) { write(lines, status); }, *patch.status);
  return out;
}

}  // namespace pintle::status
