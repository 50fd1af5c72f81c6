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
constexpr std::string_view output_end = ".out.yaml";

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

/// "a=b=c" to "a" and "b=c".
std::pair<std::string, std::string> split(const std::string& text, char at) {
  const std::size_t place = text.find(at);
  return place == std::string::npos ? std::pair(text, std::string())
                                    : std::pair(text.substr(0, place), text.substr(place + 1));
}

runtime::SocketAddress parse_socket(const std::string& text) {
  runtime::SocketAddress address;
  if (runtime::parse_ip(text, address)) return address;
  const std::size_t colon = text.rfind(':');
  if (!runtime::parse_ip(text.substr(0, colon), address)) throw std::runtime_error("no address: " + text);
  address.port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
  return address;
}

void add_override(resolve::Settings& settings, const std::string& text) {
  const auto [service, target] = split(text, '=');
  const auto [ns, rest] = split(service, '/');
  const auto [name, port] = split(rest, ':');
  settings.backend_overrides.emplace(resolve::BackendKey{ns, name, static_cast<std::uint16_t>(std::stoul(port))},
                                     parse_socket(target));
}

/// What the own CA would have made.
void add_internal_certificate(resolve::Settings& settings, const std::string& hostname) {
  auto made = std::make_shared<runtime::Certificate>();
  made->source = "internal";
  made->dns_names = {hostname};
  made->fingerprint = settings.internal_certificates.size() + 1;
  settings.internal_certificates.emplace(hostname, std::move(made));
}

void apply_setting(resolve::Settings& settings, const std::string& word) {
  const auto [name, value] = split(word, '=');
  if (name == "implied-class") {
    settings.implied_class = value;
  } else if (name == "port-offset") {
    settings.port_offset = static_cast<std::uint16_t>(std::stoul(value));
  } else if (name == "loopback-backends") {
    settings.allow_loopback_backends = true;
  } else if (name == "backend") {
    add_override(settings, value);
  } else if (name == "address") {
    if (value == "loopback")
      settings.default_addresses = resolve::loopback_addresses();
    else if (value != "none")
      settings.default_addresses.push_back(parse_socket(value));
  } else if (name == "internal-tls") {
    settings.internal_tls = true;
    std::istringstream hosts(value);
    for (std::string host; std::getline(hosts, host, ',');) add_internal_certificate(settings, host);
  } else {
    throw std::runtime_error("no such setting: " + word);
  }
}

resolve::Settings read_settings(const std::vector<std::string>& words) {
  resolve::Settings settings;
  // One address instead of two of loopback: each listener is shown once.
  const bool given = std::ranges::any_of(words, [](const std::string& word) { return word.starts_with("address="); });
  settings.default_addresses.resize(given ? 0 : 1);
  for (const std::string& word : words) apply_setting(settings, word);
  return settings;
}

std::vector<std::string> list_files(std::string_view end) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    std::string name = entry.path().filename().string();
    if (name.ends_with(end)) names.push_back(name.substr(0, name.size() - end.size()));
  }
  std::ranges::sort(names);
  return names;
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

std::vector<std::string> list_cases() { return list_files(input_end); }
std::vector<std::string> list_outputs() { return list_files(output_end); }

Case load_case(const std::string& path) {
  const std::string text = read_file(path);
  Case made;
  for (const std::string& file : words_after(text, "# with:"))
    add_documents(made, file, read_file(golden_folder() + file));
  add_documents(made, std::filesystem::path(path).filename().string(), text);
  const std::vector<std::string> mode = words_after(text, "# decode:");
  if (!mode.empty() && mode.front() == "lenient") made.mode = api::DecodeMode::Lenient;
  made.settings = read_settings(words_after(text, "# settings:"));
  for (const std::string& socket : words_after(text, "# busy:")) made.busy.insert(socket);
  made.has_findings = !words_after(text, "# findings:").empty();
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
