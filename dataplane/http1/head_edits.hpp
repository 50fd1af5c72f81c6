// How a received head is rewritten for forwarding without copying it: parts of it replaced or cut, lines appended
// before the empty line.
//   head    | request line | field | field | ... | CRLF |      received bytes, untouched until written
//   splices   [begin,end) -> bytes of the arena, sorted, disjoint; an empty replacement is a cut
//   lines     appended, each "Name: value\r\n" in the arena; those dropped again are skipped
// One object per worker: begin() keeps capacity, so a warm worker allocates nothing. Used inside one event; not shared.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <sys/uio.h>
#include <utility>
#include <vector>

#include <pintle/http/request.hpp>
#include <pintle/route/filter.hpp>

namespace pintle::http1 {

inline constexpr std::size_t max_head_pieces = 16;

class HeadEdits {
 public:
  /// Starts over. `head` is the whole head from its start line to the final empty line; `fields` lie inside it.
  void begin(std::string_view head, http::HeaderView fields);

  [[nodiscard]] std::string_view head() const noexcept { return head_; }

  /// Fields. By id where there is one, else by name. Lines appended earlier count like received ones.
  void remove(http::HeaderId id);
  void remove(std::string_view name);
  void remove_at(std::size_t index);  ///< a received field by its index
  void append(std::string_view name, std::string_view value) { append_as(http::find_header_id(name), name, value); }
  void append(http::HeaderId id, std::string_view value) { append_as(id, http::header_name(id), value); }
  /// `line`: "Name: value\r\n" with the name of `id`; for lines that never change.
  void append_line(http::HeaderId id, std::string_view line);
  void set(std::string_view name, std::string_view value) {
    remove(name);
    append(name, value);
  }
  void set(http::HeaderId id, std::string_view value) { set(http::header_name(id), value); }
  [[nodiscard]] bool has(http::HeaderId id) const noexcept;
  [[nodiscard]] bool is_removed(std::size_t index) const noexcept { return removed_.contains(index); }
  /// Set, add, remove of a filter, in this order. Edits of framing and hop-by-hop fields are ignored: those are ours.
  /// There stays exactly one Host: adding one sets it, removing it is ignored (req 17). So is a line whose name is no
  /// token or whose value would end the line: whoever wrote the filter, it is one field or none.
  void apply(const route::HeaderEdits& edits);

  /// Any part of the head, as a view into it; must not overlap another replacement. Empty `text`: cut.
  void replace(std::string_view part, std::string_view text);

  /// The rewritten head in at most max_head_pieces pieces; copies to one piece when it would need more.
  /// The pieces live until the next begin() and as long as the head's bytes.
  [[nodiscard]] std::size_t to_iovecs(std::span<iovec, max_head_pieces> out);
  /// Fast path: if lines were only appended and `room` (free bytes right after the head, nothing received in them) is
  /// enough, writes them over the final CRLF in place. Returns the new length of the head.
  [[nodiscard]] std::optional<std::size_t> write_in_place(std::size_t room) noexcept;
  /// Makes a head that was written in place what it was, for a second begin() with it.
  static void restore(std::span<char> head) noexcept { std::memcpy(head.data() + head.size() - 2, "\r\n", 2); }
  /// Length of the rewritten head.
  [[nodiscard]] std::size_t size() const noexcept;
  /// Copies the rewritten head; `out` must have size() bytes.
  void flatten(std::span<char> out) const noexcept;

 private:
  struct Splice {
    std::uint32_t begin, end;         // of the head
    std::uint32_t text, text_length;  // in the arena
  };
  struct Line {
    std::uint32_t begin;
    std::uint32_t length;  // with CRLF; 0: dropped again
    std::uint16_t name_length;
    http::HeaderId id;
  };
  void append_as(http::HeaderId id, std::string_view name, std::string_view value);
  [[nodiscard]] std::string_view line_of(std::size_t index) const noexcept;
  void insert(const Splice& splice);
  template <class Sink>
  void each_piece(Sink&& sink) const;

  std::string_view head_;
  http::HeaderView fields_;
  http::FieldSet removed_;
  std::vector<Splice> splices_;
  std::vector<Line> lines_;
  bool dropped_line_ = false;
  /// Bytes one after another; capacity is kept. A vector's range insert costs several times the copy.
  class Arena {
   public:
    /// Room for so many bytes; whoever asked fills all of it.
    [[nodiscard]] char* extend(std::size_t count) {
      if (capacity_ - size_ < count) grow(count);
      return bytes_.get() + std::exchange(size_, size_ + count);
    }
    void add(std::string_view text) {
      if (!text.empty()) std::memcpy(extend(text.size()), text.data(), text.size());
    }
    void clear() noexcept { size_ = 0; }
    [[nodiscard]] const char* data() const noexcept { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

   private:
    void grow(std::size_t more);
    static constexpr std::size_t first_capacity = 1024;
    std::unique_ptr<char[]> bytes_{new char[first_capacity]};
    std::size_t size_ = 0;
    std::size_t capacity_ = first_capacity;
  };
  Arena arena_;
  std::vector<char> flat_;
};

}  // namespace pintle::http1
