#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "controller/api/bytes_check.hpp"
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

/// Where a mark of the parser, which counts bytes, is for people, who count characters. Marks mostly come in order, so
/// each byte of a line is looked at about once.
class Places {
 public:
  explicit Places(std::string_view bytes)
      : bytes_(bytes),
        ascii_(std::ranges::none_of(bytes, [](char c) { return static_cast<unsigned char>(c) > 0x7F; })) {}

  Position operator()(const YAML::Mark& mark) {
    const std::uint32_t line = static_cast<std::uint32_t>(mark.line + 1);
    const auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
    const auto column = static_cast<std::size_t>(std::max(mark.column, 0));
    if (ascii_ || at > bytes_.size() || column > at) return {line, static_cast<std::uint32_t>(column + 1)};
    if (line != line_ || at < at_) {
      line_ = line;
      at_ = at - column;
      characters_ = 0;
    }
    characters_ += count_characters(bytes_.substr(at_, at - at_));
    at_ = at;
    return {line, static_cast<std::uint32_t>(characters_ + 1)};
  }

 private:
  std::string_view bytes_;
  bool ascii_;
  std::uint32_t line_ = 0;
  std::size_t at_ = 0;
  std::size_t characters_ = 0;  ///< of the line before at_
};

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
      : input_(input), sink_(sink), findings_(findings), place_(without_mark(input.bytes)) {}

  [[nodiscard]] Position place_of(const YAML::Mark& mark) { return place_(mark); }
  /// Of the innermost list or object whose end has not been seen.
  [[nodiscard]] std::optional<Position> innermost() const {
    return open_.empty() ? std::nullopt : std::optional(open_.back().value.at);
  }
  /// The parser takes the end of the file for the closing quote too.
  [[nodiscard]] std::optional<Position> unclosed_quote() const {
    const std::string_view bytes = without_mark(input_.bytes);
    if (last_quoted_ >= bytes.size()) return std::nullopt;
    const char quote = bytes[last_quoted_];
    if (quote != '"' && quote != '\'') return std::nullopt;
    for (std::size_t at = last_quoted_ + 1; at < bytes.size(); ++at) {
      const bool doubled = quote == '\'' && bytes.substr(at, 2) == "''";
      if (doubled || (quote == '"' && bytes[at] == '\\'))
        ++at;
      else if (bytes[at] == quote)
        return std::nullopt;
    }
    return last_quoted_at_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // A token that cannot begin anything (a comma) is left where it is by yaml-cpp, for ever.
    if (index_ != 0 && mark.pos == document_start_)
      throw YAML::ParserException(mark, "nothing can begin with this character");
    document_start_ = mark.pos;
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
    value.at = place_(mark);
    add(std::move(value), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      fail("GW0101", place_(mark), "an alias names a node that is not complete yet",
           "write the part out: nothing can hold itself");
    alias_nodes_ += count_nodes(found->second);
    if (alias_nodes_ > input_.limits.alias_nodes) {
      fail("GW0105", place_(mark), fmt::format("aliases expand to more than {} nodes", input_.limits.alias_nodes),
           "write the repeated parts out, or use fewer aliases");
    }
    if (open_.size() + depth_of(found->second) > input_.limits.depth) too_deep(place_(mark));
    Value copy = found->second;
    copy.at = place_(mark);
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    Value value;
    value.at = place_(mark);
    if (tag == "!") {
      last_quoted_ = static_cast<std::size_t>(std::max(mark.pos, 0));
      last_quoted_at_ = value.at;
    }
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
    throw Stop{make_syntax_finding(id, input_, at, std::move(message), std::move(fix))};
  }
  [[noreturn]] void too_deep(Position at) {
    fail("GW0103", at, fmt::format("nested more than {} levels deep", input_.limits.depth), "");
  }

  void open(Value::Type type, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() >= input_.limits.depth) too_deep(place_(mark));
    Open next;
    next.value.type = type;
    next.value.at = place_(mark);
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }
  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    drop_duplicate_keys(done.value, [this](const Member& again, const Member& first) {
      findings_.push_back(make_syntax_finding(
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
        fail("GW0101", value.at, "a key must be a plain text", "write a word before the colon");
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
  int document_start_ = 0;  ///< where the last one began
  Value root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchors_;
  std::size_t alias_nodes_ = 0;
  Places place_;
  std::size_t last_quoted_ = std::string_view::npos;  ///< byte where the last quoted text begins
  Position last_quoted_at_;
};

/// The line of that number.
std::string_view line_of(std::string_view bytes, std::uint32_t number) {
  for (; number > 1 && !bytes.empty(); --number) bytes.remove_prefix(std::min(bytes.find('\n'), bytes.size() - 1) + 1);
  return bytes.substr(0, bytes.find('\n'));
}

/// What most likely brought the parser to its complaint.
std::string find_way_out(std::string_view bytes, std::uint32_t line) {
  for (const std::uint32_t near : {line, line - 1}) {
    const std::string_view text = near == 0 ? std::string_view() : line_of(bytes, near);
    const std::size_t indentation = std::min(text.find_first_not_of(" \t"), text.size());
    if (text.substr(0, indentation).contains('\t'))
      return fmt::format("indent line {} with spaces: YAML takes no tabs there", near);
  }
  return "look at the indentation, quotes and colons of this line and the one before";
}

Finding find_fault(const ReadInput& input, TreeBuilder& builder, const YAML::Exception& error) {
  const bool at_end = error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW || error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW;
  if (const auto open = builder.innermost(); open && at_end)
    return make_syntax_finding("GW0101", input, *open, "not valid YAML: the bracket that opens here is never closed",
                               "close it, or put the text in quotes");
  const Position at = builder.place_of(error.mark);
  return make_syntax_finding("GW0101", input, at, "not valid YAML: " + as_ascii(error.msg),
                             find_way_out(without_mark(input.bytes), at.line));
}

}  // namespace

bool read_yaml(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings) {
  if (auto fault = find_byte_fault(input)) {
    findings.push_back(std::move(*fault));
    return false;
  }
  TreeBuilder builder(input, sink, findings);
  try {
    ByteStream bytes(input.bytes);
    std::istream stream(&bytes);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stop) {
    findings.push_back(stop.finding);
    return false;
  } catch (const YAML::Exception& error) {
    findings.push_back(find_fault(input, builder, error));
    return false;
  } catch (const std::exception& error) {
    findings.push_back(make_syntax_finding("GW0101", input, {1, 1}, "not valid YAML: " + as_ascii(error.what()), ""));
    return false;
  }
  const std::optional<Position> quote = builder.unclosed_quote();
  if (quote)
    findings.push_back(make_syntax_finding("GW0101", input, *quote,
                                           "not valid YAML: the quote that opens here is never closed",
                                           "write the closing quote"));
  return !quote;
}

bool read_manifest(const ReadInput& input, const DocumentSink& sink, std::vector<Finding>& findings) {
  return input.file->ends_with(".json") ? read_json(input, sink, findings) : read_yaml(input, sink, findings);
}

}  // namespace pintle::api
