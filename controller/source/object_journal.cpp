#include "controller/source/object_journal.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <boost/crc.hpp>
#include <fmt/format.h>

namespace pintle::source {
namespace {

constexpr std::uint64_t slack = std::uint64_t{1} << 20U;  ///< bytes of dead lines nobody minds
constexpr std::size_t checksum_digits = 8;
constexpr std::size_t read_chunk = std::size_t{1} << 16U;

[[nodiscard]] auto file_error(std::string_view what, const std::string& path) {
  return make_error(ErrorCode::PermissionDenied, fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

[[nodiscard]] std::uint32_t checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

[[nodiscard]] std::string make_line(char mark, std::string_view rest) {
  std::string body = fmt::format("{}{}", mark, rest);
  return fmt::format("{:08x}{}\n", checksum(body), body);
}

[[nodiscard]] std::string text_of(const api::ObjectKey& key) {
  return fmt::format("{}/{}/{}", api::to_string(key.kind), key.ns, key.name);
}

[[nodiscard]] std::optional<api::ObjectKey> key_of(std::string_view text) {
  const std::size_t kind_end = text.find('/');
  const std::size_t ns_end = text.find('/', kind_end + 1);
  if (kind_end == std::string_view::npos || ns_end == std::string_view::npos) return std::nullopt;
  for (std::size_t at = 0; at < api::kind_count; ++at)
    if (const auto kind = static_cast<api::Kind>(at); api::to_string(kind) == text.substr(0, kind_end))
      return api::ObjectKey{kind, std::string(text.substr(kind_end + 1, ns_end - kind_end - 1)),
                            std::string(text.substr(ns_end + 1))};
  return std::nullopt;
}

struct Line {
  char mark = 0;
  std::string_view key;
  std::string_view json;
};
/// Without its line end. nullopt: cut or altered.
[[nodiscard]] std::optional<Line> parse(std::string_view text) {
  std::uint32_t sum = 0;
  if (text.size() <= checksum_digits) return std::nullopt;
  const char* const digits_end = text.data() + checksum_digits;
  const auto [end, fault] = std::from_chars(text.data(), digits_end, sum, 16);
  if (fault != std::errc{} || end != digits_end) return std::nullopt;
  const std::string_view body = text.substr(checksum_digits);
  if (checksum(body) != sum) return std::nullopt;
  const std::size_t space = body.find(' ');
  Line line{
      .mark = body.front(), .key = body.substr(1, space == std::string_view::npos ? space : space - 1), .json = {}};
  if (space != std::string_view::npos) line.json = body.substr(space + 1);
  return line;
}

[[nodiscard]] bool write_all(int file, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

}  // namespace

Result<ObjectJournal> ObjectJournal::open(std::string path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file < 0) return file_error("open", path);
  ObjectJournal journal(std::move(path), file);
  if (Result<void> scanned = journal.scan(); !scanned) return std::unexpected(std::move(scanned.error()));
  return journal;
}

ObjectJournal::~ObjectJournal() {
  if (file_ >= 0) ::close(file_);
}
ObjectJournal::ObjectJournal(ObjectJournal&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      end_(other.end_),
      live_(other.live_),
      whole_(other.whole_),
      places_(std::move(other.places_)) {}

/// Finds where each object stands, up to the first line that is not sound; the rest is cut off.
Result<void> ObjectJournal::scan() {
  std::string pending;
  std::uint64_t offset = 0;
  bool sound = true;
  const auto take = [&](std::string_view text) {
    const std::optional<Line> line = parse(text);
    if (!line) return false;
    const Place place{.offset = offset, .length = static_cast<std::uint32_t>(text.size() + 1)};
    if (line->mark == '=') whole_ = true;
    if (const auto known = places_.find(line->key); known != places_.end()) {
      live_ -= known->second.length;
      places_.erase(known);
    }
    if (line->mark == '+') {
      places_.emplace(line->key, place);
      live_ += place.length;
    }
    offset += place.length;
    return true;
  };
  std::string chunk(read_chunk, '\0');
  std::uint64_t at = 0;
  while (sound) {
    const ssize_t got = ::pread(file_, chunk.data(), chunk.size(), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file_error("read", path_);
    if (got == 0) break;
    at += static_cast<std::uint64_t>(got);
    pending.append(chunk, 0, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; sound && (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1)
      sound = take(std::string_view(pending).substr(begin, end - begin));
    pending.erase(0, begin);
  }
  end_ = offset;
  if (::ftruncate(file_, static_cast<off_t>(end_)) != 0) return file_error("shorten", path_);
  return {};
}

Result<std::string> ObjectJournal::line_at(Place place) const {
  std::string text(place.length, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(file_, text.data() + done, text.size() - done, static_cast<off_t>(place.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return file_error("read", path_);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

Result<std::vector<ObjectJournal::Kept>> ObjectJournal::read() const {
  std::vector<Kept> objects;
  if (!whole_) return objects;
  objects.reserve(places_.size());
  for (const auto& [key, place] : places_) {
    const Result<std::string> text = line_at(place);
    if (!text) return std::unexpected(text.error());
    const std::optional<Line> line = parse(std::string_view(*text).substr(0, text->size() - 1));
    auto of = key_of(key);
    if (line && of) objects.push_back({std::move(*of), std::string(line->json)});
  }
  return objects;
}

std::vector<api::ObjectKey> ObjectJournal::keys() const {
  std::vector<api::ObjectKey> all;
  all.reserve(places_.size());
  for (const auto& [text, place] : places_)
    if (auto key = key_of(text)) all.push_back(std::move(*key));
  return all;
}

Result<ObjectJournal::Place> ObjectJournal::append(char mark, std::string_view rest) {
  const std::string line = make_line(mark, rest);
  if (!write_all(file_, line, end_)) {
    auto error = file_error("write", path_);
    (void)::ftruncate(file_, static_cast<off_t>(end_));
    return error;
  }
  const Place place{.offset = end_, .length = static_cast<std::uint32_t>(line.size())};
  end_ += line.size();
  return place;
}

Result<void> ObjectJournal::put(const api::ObjectKey& key, std::string_view json) {
  std::string name = text_of(key);
  std::string line = fmt::format("{} {}", name, json);
  std::ranges::replace_if(line, [](char letter) { return letter == '\n' || letter == '\r'; }, ' ');
  const Result<Place> place = append('+', line);
  if (!place) return std::unexpected(place.error());
  Place& known = places_[std::move(name)];
  live_ += place->length - known.length;
  known = *place;
  return rewrite_if_worth();
}

Result<void> ObjectJournal::remove(const api::ObjectKey& key) {
  const auto known = places_.find(text_of(key));
  if (known == places_.end()) return {};
  if (const Result<Place> place = append('-', known->first); !place) return std::unexpected(place.error());
  live_ -= known->second.length;
  places_.erase(known);
  return rewrite_if_worth();
}

Result<void> ObjectJournal::mark_whole() {
  if (whole_) return {};
  if (const Result<Place> place = append('=', {}); !place) return std::unexpected(place.error());
  whole_ = true;
  return {};
}

/// The live lines into a file beside this one, which then takes its name: at no instant is there none.
Result<void> ObjectJournal::rewrite_if_worth() {
  if (end_ <= 2 * live_ + slack) return {};
  const std::string beside = path_ + ".new";
  const int file = ::open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
  if (file < 0) return file_error("open", beside);
  ObjectJournal fresh(beside, file);
  if (whole_)
    if (Result<void> marked = fresh.mark_whole(); !marked) return marked;
  for (const auto& [key, place] : places_) {
    const Result<std::string> text = line_at(place);
    if (!text) return std::unexpected(text.error());
    if (!write_all(fresh.file_, *text, fresh.end_)) return file_error("write", beside);
    fresh.places_.emplace(key, Place{.offset = fresh.end_, .length = place.length});
    fresh.end_ += place.length;
  }
  if (::rename(beside.c_str(), path_.c_str()) != 0) return file_error("rename", beside);
  std::swap(file_, fresh.file_);
  std::swap(places_, fresh.places_);
  end_ = fresh.end_;
  return {};
}

}  // namespace pintle::source
