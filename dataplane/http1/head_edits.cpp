#include "dataplane/http1/head_edits.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include <pintle/http/connection_field.hpp>

#include "dataplane/http1/field_values.hpp"
#include "dataplane/http1/scan.hpp"

namespace pintle::http1 {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::string_view separator = ": ";

/// Same field name: by id where both have one.
bool same_name(http::HeaderId id, std::string_view name, http::HeaderId other_id, std::string_view other) noexcept {
  if (id != other_id) return false;
  return id != http::HeaderId::Other || http::name_equals(name, other);
}

bool is_one_line(const route::HeaderLine& line) noexcept {
  const char* const name_end = line.name.data() + line.name.size();
  const char* const value_end = line.value.data() + line.value.size();
  return !line.name.empty() && Scan::token(line.name.data(), name_end) == name_end &&
         Scan::value(line.value.data(), value_end) == value_end;
}

/// Copies a text that is short most of the time, without a call. Returns where it ends.
[[gnu::always_inline]] inline char* copy_short(char* to, std::string_view text) noexcept {
  const char* const from = text.data();
  const std::size_t size = text.size();
  // Both ends, which overlap in the middle.
  const auto copy_ends = [&]<class Word>(Word /*of this size*/) noexcept {
    Word head;
    Word tail;
    std::memcpy(&head, from, sizeof head);
    std::memcpy(&tail, from + size - sizeof tail, sizeof tail);
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + size - sizeof tail, &tail, sizeof tail);
  };
  if (size > 16)
    std::memcpy(to, from, size);
  else if (size >= 8)
    copy_ends(std::uint64_t{});
  else if (size >= 4)
    copy_ends(std::uint32_t{});
  else
    for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  return to + size;
}

}  // namespace

void HeadEdits::Arena::grow(std::size_t more) {
  const std::size_t wanted = std::max(capacity_ * 2, size_ + more);
  std::unique_ptr<char[]> larger(new char[wanted]);
  std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = wanted;
}

void HeadEdits::begin(std::string_view head, http::HeaderView fields) {
  assert(head.ends_with(crlf));
  head_ = head;
  fields_ = fields;
  removed_ = {};
  splices_.clear();
  lines_.clear();
  dropped_line_ = false;
  arena_.clear();
}

/// A field's line ends where the next begins, the last one's where the final empty line begins.
std::string_view HeadEdits::line_of(std::size_t index) const noexcept {
  const char* const begin = fields_.base + fields_.fields[index].name_offset;
  const char* const end = index + 1 < fields_.fields.size() ? fields_.base + fields_.fields[index + 1].name_offset
                                                            : head_.data() + head_.size() - crlf.size();
  return {begin, static_cast<std::size_t>(end - begin)};
}

void HeadEdits::remove_at(std::size_t index) {
  if (removed_.contains(index)) return;
  removed_.insert(index);
  replace(line_of(index), {});
}

void HeadEdits::remove(std::string_view name) {
  const http::HeaderId id = http::find_header_id(name);
  for (std::size_t i = 0; i < fields_.fields.size(); ++i) {
    const http::Field& field = fields_.fields[i];
    if (same_name(id, name, field.id, fields_.name(field))) remove_at(i);
  }
  for (Line& line : lines_) {
    if (line.length != 0 && same_name(id, name, line.id, {arena_.data() + line.begin, line.name_length})) {
      line.length = 0;
      dropped_line_ = true;
    }
  }
}

void HeadEdits::remove(http::HeaderId id) { remove(http::header_name(id)); }

void HeadEdits::append_as(http::HeaderId id, std::string_view name, std::string_view value) {
  const std::size_t length = name.size() + separator.size() + value.size() + crlf.size();
  lines_.push_back({.begin = static_cast<std::uint32_t>(arena_.size()),
                    .length = static_cast<std::uint32_t>(length),
                    .name_length = static_cast<std::uint16_t>(name.size()),
                    .id = id});
  char* at = copy_short(arena_.extend(length), name);
  std::memcpy(at, separator.data(), separator.size());
  at = copy_short(at + separator.size(), value);
  std::memcpy(at, crlf.data(), crlf.size());
}

void HeadEdits::append_line(http::HeaderId id, std::string_view line) {
  lines_.push_back({.begin = static_cast<std::uint32_t>(arena_.size()),
                    .length = static_cast<std::uint32_t>(line.size()),
                    .name_length = static_cast<std::uint16_t>(http::header_name(id).size()),
                    .id = id});
  arena_.add(line);
}

bool HeadEdits::has(http::HeaderId id) const noexcept {
  for (std::size_t i = 0; i < fields_.fields.size(); ++i) {
    if (fields_.fields[i].id == id && !removed_.contains(i)) return true;
  }
  return std::ranges::any_of(lines_, [id](const Line& line) { return line.length != 0 && line.id == id; });
}

void HeadEdits::apply(const route::HeaderEdits& edits) {
  for (const route::HeaderLine& line : edits.set) {
    if (!http::is_connection_field(line.id) && is_one_line(line)) set(line.name, line.value);
  }
  for (const route::HeaderLine& line : edits.add) {
    if (!is_one_line(line)) continue;
    if (line.id == http::HeaderId::Host) {
      set(line.name, line.value);
    } else if (!http::is_connection_field(line.id)) {
      append(line.name, line.value);
    }
  }
  for (const route::HeaderName& name : edits.remove) {
    if (name.id != http::HeaderId::Host && !http::is_connection_field(name.id)) remove(name.name);
  }
}

void HeadEdits::replace(std::string_view part, std::string_view text) {
  const Splice splice{.begin = static_cast<std::uint32_t>(part.data() - head_.data()),
                      .end = static_cast<std::uint32_t>(part.data() + part.size() - head_.data()),
                      .text = static_cast<std::uint32_t>(arena_.size()),
                      .text_length = static_cast<std::uint32_t>(text.size())};
  assert(part.data() >= head_.data() && splice.end <= head_.size());
  arena_.add(text);
  insert(splice);
}

/// Keeps the splices sorted; a cut right after a cut grows it, so that neighbouring lines cost one piece. A cut that
/// covers an earlier replacement (of a value inside its line) takes its place.
void HeadEdits::insert(const Splice& splice) {
  auto at = splices_.end();
  while (at != splices_.begin() && at[-1].begin >= splice.begin) --at;
  while (at != splices_.end() && at->begin >= splice.begin && at->end <= splice.end && splice.end > splice.begin) {
    at = splices_.erase(at);
  }
  if (splice.text_length == 0 && at != splices_.begin() && at[-1].end == splice.begin && at[-1].text_length == 0) {
    at[-1].end = splice.end;
    if (at != splices_.end() && at->begin == splice.end && at->text_length == 0) {
      at[-1].end = at->end;
      splices_.erase(at);
    }
    return;
  }
  if (splice.text_length == 0 && at != splices_.end() && at->begin == splice.end && at->text_length == 0) {
    at->begin = splice.begin;
    return;
  }
  splices_.insert(at, splice);
}

/// Calls sink(bytes) for each run of bytes of the rewritten head; neighbouring runs of the arena come as one.
template <class Sink>
void HeadEdits::each_piece(Sink&& sink) const {
  // Without lines of ours the empty line stays where it is.
  const std::string_view kept = lines_.empty() ? head_ : head_.substr(0, head_.size() - crlf.size());
  std::size_t position = 0;
  for (const Splice& splice : splices_) {
    if (splice.begin > position) sink(kept.substr(position, splice.begin - position));
    if (splice.text_length != 0) sink(std::string_view(arena_.data() + splice.text, splice.text_length));
    position = splice.end;
  }
  if (position < kept.size()) sink(kept.substr(position));
  std::string_view run;
  for (const Line& line : lines_) {
    if (line.length == 0) continue;
    const char* const begin = arena_.data() + line.begin;
    if (!run.empty() && run.data() + run.size() == begin) {
      run = {run.data(), run.size() + line.length};
      continue;
    }
    if (!run.empty()) sink(run);
    run = {begin, line.length};
  }
  if (!run.empty()) sink(run);
  if (kept.size() < head_.size()) sink(head_.substr(kept.size()));
}

std::size_t HeadEdits::size() const noexcept {
  std::size_t total = 0;
  each_piece([&total](std::string_view piece) { total += piece.size(); });
  return total;
}

void HeadEdits::flatten(std::span<char> out) const noexcept {
  char* at = out.data();
  each_piece([&at](std::string_view piece) {
    std::memcpy(at, piece.data(), piece.size());
    at += piece.size();
  });
}

std::size_t HeadEdits::to_iovecs(std::span<iovec, max_head_pieces> out) {
  std::size_t count = 0;
  each_piece([&count, out](std::string_view piece) {
    if (count < out.size()) out[count] = {const_cast<char*>(piece.data()), piece.size()};
    ++count;
  });
  if (count <= out.size()) return count;
  flat_.resize(size());
  flatten(flat_);
  out[0] = {flat_.data(), flat_.size()};
  return 1;
}

std::optional<std::size_t> HeadEdits::write_in_place(std::size_t room) noexcept {
  // Nothing replaced and no line dropped again: the arena is the lines, one after another.
  if (!splices_.empty() || dropped_line_ || arena_.size() > room) return std::nullopt;
  auto* const at =
      const_cast<char*>(head_.data()) + head_.size() - crlf.size();  // the caller owns the buffer, see room
  std::memcpy(at, arena_.data(), arena_.size());
  std::memcpy(at + arena_.size(), crlf.data(), crlf.size());
  return head_.size() + arena_.size();
}

}  // namespace pintle::http1
