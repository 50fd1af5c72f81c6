#include "test/bench/tools/message_reader.hpp"

#include <algorithm>
#include <charconv>

namespace pintle::bench {
namespace {

constexpr std::size_t line_end_size = 2;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

std::size_t number(std::string_view text, int base) {
  std::size_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

}  // namespace

std::string_view find_field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += line_end_size;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (!equal_ignoring_case(line.substr(0, name.size()), name)) continue;
    const std::string_view value = line.substr(name.size() + 1);
    return value.substr(std::min(value.find_first_not_of(' '), value.size()));
  }
  return {};
}

std::string_view target_of(std::string_view head) {
  const std::size_t from = head.find(' ') + 1;
  return head.substr(from, head.find(' ', from) - from);
}

void MessageReader::reset() {
  state_ = State::Head;
  left_ = 0;
  head_.clear();
  line_.clear();
}

std::size_t MessageReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::Done) {
    const std::string_view rest = bytes.substr(taken);
    switch (state_) {
      case State::Head:
        taken += feed_head(rest);
        break;
      case State::Fixed:
        taken += feed_counted(rest, State::Done);
        break;
      case State::ChunkData:
        taken += feed_counted(rest, State::ChunkEnd);
        break;
      case State::ChunkSize:
      case State::ChunkEnd:
      case State::Trailer:
        taken += feed_line(rest);
        break;
      case State::Done:
        break;
    }
  }
  return taken;
}

std::size_t MessageReader::feed_head(std::string_view bytes) {
  constexpr std::string_view end = "\r\n\r\n";
  const std::size_t before = head_.size();
  head_.append(bytes);
  const std::size_t found = head_.find(end, before - std::min(before, end.size() - 1));
  if (found == std::string::npos) return bytes.size();
  head_.resize(found + end.size());
  on_head();
  return head_.size() - before;
}

std::size_t MessageReader::feed_counted(std::string_view bytes, State next) {
  const std::size_t taken = std::min(left_, bytes.size());
  left_ -= taken;
  if (left_ == 0) state_ = next;
  return taken;
}

std::size_t MessageReader::feed_line(std::string_view bytes) {
  const std::size_t newline = bytes.find('\n');
  if (newline == std::string_view::npos) {
    line_.append(bytes);
    return bytes.size();
  }
  line_.append(bytes.substr(0, newline + 1));
  on_line();
  line_.clear();
  return newline + 1;
}

void MessageReader::on_head() {
  if (equal_ignoring_case(find_field(head_, "transfer-encoding"), "chunked")) {
    state_ = State::ChunkSize;
    return;
  }
  left_ = number(find_field(head_, "content-length"), 10);
  state_ = left_ == 0 ? State::Done : State::Fixed;
}

void MessageReader::on_line() {
  if (state_ == State::ChunkEnd) {
    state_ = State::ChunkSize;
  } else if (state_ == State::ChunkSize) {
    left_ = number(line_, 16);
    state_ = left_ == 0 ? State::Trailer : State::ChunkData;
  } else if (line_ == "\r\n") {
    state_ = State::Done;
  }
}

}  // namespace pintle::bench
