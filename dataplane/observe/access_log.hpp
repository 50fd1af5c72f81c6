// The access log of one worker: JSON lines (docs/access-log.md names the fields) gathered in a buffer of its own and
// written with one write(2) per 100 ms or per buffer, whichever comes first.
//  - guarantees: no heap and no lock per line; whole lines only; never a query unless asked, never a header but
//    User-Agent (req 58); a reader that does not keep up costs lines, which are counted, never the worker's time.
//  - leaves to others: opening the file (AccessLogTarget, once, before threads), when a turn ends (the worker).
//  - threads: an AccessLog is its worker's. The target is shared and never changes.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include <pintle/base/error.hpp>

#include "dataplane/observe/log_line.hpp"
#include "dataplane/observe/record.hpp"

namespace pintle::observe {

enum class QueryField : std::uint8_t { LeaveOut, Write };

/// An open descriptor. Appends, so lines of several workers stay whole; on a pipe they go in pieces that a pipe takes
/// whole (PIPE_BUF), cut at line ends.
class AccessLogTarget {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const AccessLogTarget>> open_file(const std::string& path);
  /// The descriptor stays open afterwards.
  [[nodiscard]] static std::shared_ptr<const AccessLogTarget> borrow(int descriptor);
  ~AccessLogTarget();
  AccessLogTarget(const AccessLogTarget&) = delete;
  AccessLogTarget& operator=(const AccessLogTarget&) = delete;

  /// How many bytes were taken; never waits on a pipe.
  [[nodiscard]] std::size_t write(std::string_view lines) const noexcept;

 private:
  enum class Ownership : std::uint8_t { Owned, Borrowed };
  AccessLogTarget(int descriptor, Ownership ownership) noexcept;
  int descriptor_;
  Ownership ownership_;
  bool pipe_ = false;
};

class AccessLog {
 public:
  static constexpr std::size_t buffer_size = 256 * 1024;
  static constexpr Millis interval{100};

  AccessLog(std::shared_ptr<const AccessLogTarget> target, QueryField query);
  ~AccessLog();

  void append(const RequestRecord& record) noexcept;
  void append(const ConnectionRecord& record) noexcept;
  /// Writes what has waited for the interval.
  void on_turn_end(Monotonic now) noexcept;
  void flush() noexcept;
  [[nodiscard]] std::uint64_t dropped_lines() const noexcept { return dropped_; }

 private:
  template <class Write>
  void append_line(Monotonic ended, Write write) noexcept;
  void write_timestamp(LogLine& line, Monotonic at) noexcept;

  std::shared_ptr<const AccessLogTarget> target_;
  QueryField query_;
  std::unique_ptr<char[]> buffer_;
  std::size_t used_ = 0;
  bool waiting_ = false;      ///< first_ is set
  Monotonic first_{};         ///< when the oldest line that waits ended
  Nanos wall_offset_{0};      ///< wall clock less monotonic clock, read again at each flush
  std::int64_t second_ = -1;  ///< of which timestamp_ speaks
  std::array<char, 24> timestamp_{};
  std::uint64_t dropped_ = 0;
};

}  // namespace pintle::observe
