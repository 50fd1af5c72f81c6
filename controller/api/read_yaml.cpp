#include <istream>
#include <map>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "controller/api/read.hpp"
#include "controller/api/scalar.hpp"

namespace pintle::api {
namespace {

/// Thrown out of the event handler to leave the parser; caught in read_yaml.
struct Stop {
  Finding finding;
};

class ByteStream : public std::streambuf {
 public:
  explicit ByteStream(std::string_view bytes) {
    char* begin = const_cast<char*>(bytes.data());  // the get area is never written to
    setg(begin, begin, begin + bytes.size());
  }
};

Position place(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

Finding make_finding(std::string_view id, const ReadInput& input, Position at, std::string message, std::string fix) {
  return {.id = id,
          .severity = Severity::Error,
          .file = *input.file,
          .line = at.line,
          .column = at.column,
          .object = {},
          .field_path = {},
          .message = std::move(message),
          .fix = std::move(fix)};
}

/// The parser's own words may hold bytes of the file, and of a character only the first.
std::string as_ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7E)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::size_t count_nodes(const Value& value) {
  std::size_t count = 1;
  for (const Value& item : value.items) count += count_nodes(item);
  for (const Member& member : value.members) count += count_nodes(member.value);
  return count;
}

std::uint32_t depth_of(const Value& value) {
  std::uint32_t deepest = 0;
  for (const Value& item : value.items) deepest = std::max(deepest, depth_of(item));
  for (const Member& member : value.members) deepest = std::max(deepest, depth_of(member.value));
  return deepest + 1;
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings)
      : input_(input), sink_(sink), findings_(findings) {}

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {
    open_.clear();
    anchors_.clear();
    alias_nodes_ = 0;
    root_ = Value();
  }
  void OnDocumentEnd() override {
    if (root_.type != Value::Type::Null) sink_(Document{std::move(root_), input_.file, index_});
    root_ = Value();
    ++index_;
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Value value;
    value.at = place(mark);
    add(std::move(value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail("GW0101", place(mark), "an alias names a node that is not complete yet", "");
    alias_nodes_ += count_nodes(found->second);
    if (alias_nodes_ > input_.limits.alias_nodes) {
      fail("GW0105", place(mark), fmt::format("aliases expand to more than {} nodes", input_.limits.alias_nodes),
           "write the repeated parts out, or use fewer aliases");
    }
    if (open_.size() + depth_of(found->second) > input_.limits.depth) too_deep(place(mark));
    Value copy = found->second;
    copy.at = place(mark);
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    Value value;
    value.at = place(mark);
    if (tag == "!" || tag == "tag:yaml.org,2002:str" || tag == "tag:yaml.org,2002:binary") {
      value.type = Value::Type::String;
      value.text = text;
    } else {
      resolve_plain_scalar(value, text);
    }
    add(std::move(value), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(Value::Type::Sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(Value::Type::Mapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  /// A list or object whose end has not been seen.
  struct Open {
    Value value;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  ///< of an object: the next node is the value of `key`
    std::string key;
    Position key_at;
    std::vector<Value> merges;  ///< values of "<<"
  };

  [[noreturn]] void fail(std::string_view id, Position at, std::string message, std::string fix) {
    throw Stop{make_finding(id, input_, at, std::move(message), std::move(fix))};
  }
  [[noreturn]] void too_deep(Position at) {
    fail("GW0103", at, fmt::format("nested more than {} levels deep", input_.limits.depth), "");
  }

  void open(Value::Type type, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= input_.limits.depth) too_deep(place(mark));
    Open next;
    next.value.type = type;
    next.value.at = place(mark);
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    drop_duplicate_keys(done.value, [this](const Member& again, const Member& first) {
      findings_.push_back(make_finding(
          "GW0104", input_, again.at,
          fmt::format("key {} is written twice in one object, first on line {}", quote(again.key), first.at.line),
          "keep one of them"));
    });
    for (Value& merge : done.merges) merge_into(done.value, merge);
    add(std::move(done.value), done.anchor);
  }
  void add(Value&& value, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = value;
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.type == Value::Type::Sequence) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.has_key) {
      if (value.type == Value::Type::Sequence || value.type == Value::Type::Mapping) {
        fail("GW0101", value.at, "a key must be a scalar", "");
      }
      parent.has_key = true;
      parent.key = std::move(value.text);
      parent.key_at = value.at;
    } else {
      parent.has_key = false;
      add_member(parent, std::move(value));
    }
  }
  void add_member(Open& parent, Value&& value) {
    if (parent.key == "<<" && value.type != Value::Type::String) {
      if (value.type == Value::Type::Sequence) {
        for (Value& item : value.items) parent.merges.push_back(std::move(item));
      } else {
        parent.merges.push_back(std::move(value));
      }
      return;
    }
    parent.value.members.push_back({std::move(parent.key), parent.key_at, std::move(value)});
  }
  static void merge_into(Value& target, Value& merge) {
    for (Member& member : merge.members) {
      if (target.find(member.key) == nullptr) target.members.push_back(std::move(member));
    }
  }

  const ReadInput& input_;
  const DocumentSink& sink_;
  std::vector<Finding>& findings_;
  std::uint32_t index_ = 0;
  Value root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::size_t alias_nodes_ = 0;
};

}  // namespace

bool read_yaml(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings) {
  if (input.bytes.size() > input.limits.bytes) {
    findings.push_back(make_finding("GW0105", input, {1, 1},
                                    fmt::format("the file is larger than {} bytes", input.limits.bytes),
                                    "split it into several files"));
    return false;
  }
  if (!is_utf8(input.bytes)) {
    findings.push_back(make_finding("GW0106", input, {1, 1}, "the file is not UTF-8", "save it as UTF-8"));
    return false;
  }
  try {
    ByteStream bytes(input.bytes);
    std::istream stream(&bytes);
    YAML::Parser parser(stream);
    TreeBuilder builder(input, sink, findings);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    findings.push_back(stop.finding);
    return false;
  } catch (const YAML::Exception& error) {
    findings.push_back(make_finding("GW0101", input, place(error.mark), "not valid YAML: " + as_ascii(error.msg), ""));
    return false;
  } catch (const std::exception& error) {
    findings.push_back(make_finding("GW0101", input, {1, 1}, "not valid YAML: " + as_ascii(error.what()), ""));
    return false;
  }
  return true;
}

bool read_manifest(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings) {
  return input.file->ends_with(".json") ? read_json(input, sink, findings) : read_yaml(input, sink, findings);
}

}  // namespace pintle::api
