#include "test/unit/dataplane/http1/rows.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace pintle::http1::test {
namespace {

[[noreturn]] void fail(std::size_t line, const std::string& what) {
  throw std::runtime_error("line " + std::to_string(line) + ": " + what);
}

std::string unescape(std::string_view text, std::size_t line) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char kind = i + 1 < text.size() ? text[++i] : ' ';
    if (kind == 'r') {
      out += '\r';
    } else if (kind == 'n') {
      out += '\n';
    } else if (kind == 't') {
      out += '\t';
    } else if (kind == '\\') {
      out += '\\';
    } else if (kind == 'x' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      fail(line, "unknown escape");
    }
  }
  return out;
}

void read_expectation(std::string_view value, Row& row, std::size_t line) {
  if (value == "accept") return;
  constexpr std::string_view refuse = "refuse ";
  if (!value.starts_with(refuse)) fail(line, "expect is neither accept nor refuse");
  row.status = static_cast<unsigned>(std::atoi(std::string(value.substr(refuse.size())).c_str()));
  row.in_body = value.ends_with(" in-body");
}

void read_line(std::string_view text, Row& row, std::size_t line) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos) fail(line, "no 'key: value'");
  std::string_view key = text.substr(0, colon);
  std::string_view value = text.substr(colon + 2);
  if (key == "name") {
    row.name = value;
  } else if (key == "req") {
    row.requirement = static_cast<unsigned>(std::atoi(std::string(value).c_str()));
  } else if (key == "expect") {
    read_expectation(value, row, line);
  } else if (value.size() >= 2 && value.front() == '|' && value.back() == '|') {
    std::size_t times = 1;
    if (const std::size_t star = key.find('*'); star != std::string_view::npos) {
      times = static_cast<std::size_t>(std::atol(std::string(key.substr(star + 1)).c_str()));
      key = key.substr(0, star);
    }
    const std::string bytes = unescape(value.substr(1, value.size() - 2), line);
    std::string& all = row.values[std::string(key)];
    for (std::size_t i = 0; i < times; ++i) all += bytes;
  } else {
    row.values[std::string(key)] = value;
  }
}

}  // namespace

std::vector<Row> read_rows(std::string_view file_name) {
  std::ifstream file(std::string(PINTLE_SOURCE_DIR "/test/data/") + std::string(file_name));
  if (!file) throw std::runtime_error("cannot open test data");
  std::vector<Row> rows;
  Row row;
  std::string text;
  for (std::size_t line = 1; std::getline(file, text); ++line) {
    if (text.empty() || text.front() == '#') {
      if (!row.name.empty()) rows.push_back(std::move(row));
      row = Row{};
      continue;
    }
    read_line(text, row, line);
  }
  if (!row.name.empty()) rows.push_back(std::move(row));
  return rows;
}

std::vector<std::size_t> cuts_of(std::string_view bytes) {
  constexpr std::size_t short_enough = 1500;
  std::vector<std::size_t> cuts;
  const std::size_t stride = std::max<std::size_t>(1499, bytes.size() / 32);
  std::size_t near_lines = 0;
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    const std::string_view around = bytes.substr(i < 2 ? 0 : i - 2, 4);
    const bool near_line = around.find_first_of("\r\n") != std::string_view::npos && near_lines++ < 64;
    if (bytes.size() <= short_enough || near_line || i % stride == 0 || bytes.size() - i < 8) cuts.push_back(i);
  }
  return cuts;
}

}  // namespace pintle::http1::test
