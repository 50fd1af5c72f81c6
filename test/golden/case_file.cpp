#include "test/golden/case_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "controller/api/read.hpp"

namespace pintle::golden {
namespace {

constexpr std::string_view input_end = ".in.yaml";

void add_documents(Case& made, const std::string& file, const std::string& text) {
  std::istringstream lines(text);
  std::string document;
  const auto finish = [&] {
    // Comments alone are no document.
    if (document.find("kind:") != std::string::npos) {
      made.texts.push_back(document);
      made.files.push_back(file);
    }
    document.clear();
  };
  for (std::string line; std::getline(lines, line);) {
    if (line == "---")
      finish();
    else
      document += line + '\n';
  }
  finish();
}

std::vector<std::string> words_after(const std::string& text, const std::string& directive) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line) && line.starts_with('#');) {
    if (!line.starts_with(directive)) continue;
    std::istringstream words(line.substr(directive.size()));
    return {std::istream_iterator<std::string>(words), {}};
  }
  return {};
}

}  // namespace

std::string golden_folder() { return std::string(PINTLE_SOURCE_DIR) + "/test/golden/"; }

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> list_cases() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(input_end)) names.push_back(name.substr(0, name.size() - input_end.size()));
  }
  std::ranges::sort(names);
  return names;
}

Case load_case(const std::string& path) {
  const std::string text = read_file(path);
  Case made;
  for (const std::string& file : words_after(text, "# with:"))
    add_documents(made, file, read_file(golden_folder() + file));
  add_documents(made, std::filesystem::path(path).filename().string(), text);
  const std::vector<std::string> mode = words_after(text, "# decode:");
  if (!mode.empty() && mode.front() == "lenient") made.mode = api::DecodeMode::Lenient;
  return made;
}

Decoded decode_case(const Case& source, const std::vector<std::size_t>& order) {
  Decoded made;
  std::vector<api::Finding> findings;
  api::DecodeOptions options;
  options.mode = source.mode;
  for (const std::size_t number : order) {
    const auto file = std::make_shared<const std::string>(source.files[number]);
    api::read_yaml(
        {source.texts[number], file},
        [&](api::Document&& document) { api::decode_document(document, options, made.objects, findings); }, findings);
  }
  for (api::AnyObject& object : made.objects) api::set_identity(object, 1, to_string(api::key_of(object)));
  for (api::Finding& finding : findings) {
    if (finding.severity == api::Severity::Info) continue;
    finding.line = finding.column = 0;
    made.findings.push_back(api::format_finding(finding));
  }
  std::ranges::sort(made.findings);
  return made;
}

}  // namespace pintle::golden
