// Reads test/data/h1_*.txt; the format is explained in test/data/README.md.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pintle::http1::test {

struct Row {
  std::string name;
  unsigned requirement = 0;
  unsigned status = 0;  ///< 0: accept
  bool in_body = false;
  std::map<std::string, std::string, std::less<>> values;

  [[nodiscard]] const std::string& bytes() const { return values.at("bytes"); }
  [[nodiscard]] const std::string* find(std::string_view key) const {
    const auto found = values.find(key);
    return found == values.end() ? nullptr : &found->second;
  }
};

/// Throws std::runtime_error with the line number on a fault of the file.
[[nodiscard]] std::vector<Row> read_rows(std::string_view file_name);

/// Where to cut a message: everywhere in short ones; in long ones everywhere near line ends, and now and then.
[[nodiscard]] std::vector<std::size_t> cuts_of(std::string_view bytes);

}  // namespace pintle::http1::test
