// The seeds and regressions of every fuzz target as ordinary tests, one a file; what a fuzzer once found stays found.
#include "test/fuzz/replay.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gtest/gtest.h>

#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {

void violated(std::string_view property, std::string_view detail) {
  throw std::runtime_error("violated: " + std::string(property) + "\n" + std::string(detail.substr(0, 1000)));
}

namespace {

namespace fs = std::filesystem;

struct Input {
  const Target* target;
  fs::path path;
};

const fs::path root = PINTLE_SOURCE_DIR;

void add_files(const Target& target, const fs::path& folder, std::string_view end, std::vector<Input>& inputs) {
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name.front() != '.' && name.ends_with(end))
      inputs.push_back({&target, entry.path()});
  }
}

std::vector<Input> list_inputs() {
  std::vector<Input> inputs;
  for (const Target& target : list_targets()) {
    add_files(target, root / "test/fuzz/seeds" / target.name, "", inputs);
    add_files(target, root / "test/fuzz/regressions" / target.name, "", inputs);
    if (*target.more_seeds != '\0') add_files(target, target.more_seeds, target.more_end, inputs);
  }
  std::ranges::sort(inputs, {}, [](const Input& input) { return std::pair(input.target, input.path); });
  return inputs;
}

std::string test_name(const ::testing::TestParamInfo<Input>& info) {
  std::string name = std::string(info.param.target->name) + "_" + info.param.path.parent_path().filename().string() +
                     "_" + info.param.path.filename().string();
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

void PrintTo(const Input& input, std::ostream* out) { *out << input.path; }

class Replay : public ::testing::TestWithParam<Input> {};

TEST_P(Replay, Holds) {
  std::ifstream file(GetParam().path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  ASSERT_TRUE(file.good() || file.eof()) << GetParam().path;
  GetParam().target->run(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

INSTANTIATE_TEST_SUITE_P(All, Replay, ::testing::ValuesIn(list_inputs()), test_name);

TEST(ReplayFolders, EveryTargetHasSeedsAndTakesAnEmptyInput) {
  const std::vector<Input> inputs = list_inputs();
  for (const Target& target : list_targets()) {
    EXPECT_GE(std::ranges::count(inputs, &target, &Input::target), 3) << target.name;
    target.run(nullptr, 0);
  }
}

}  // namespace
}  // namespace pintle::fuzz
