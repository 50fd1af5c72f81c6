// Logs (req 59). The input is cut into the fields of one request.
// Property: whatever stands in a field, an access log record is one line of printable ASCII that any JSON reader takes,
// and each field reads back as it was, cut at LogLine::max_text; a message of the operational log is one such line,
// too; a finding about a text a manifest may hold, UTF-8, is one line of UTF-8 without control characters of either
// range.
#include <memory>
#include <sstream>
#include <sys/mman.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <pintle/base/log.hpp>

#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"
#include "dataplane/observe/access_log.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

using Json = nlohmann::json;

/// What a reader gets back: each byte as the code point of its number.
std::string as_logged(std::string_view bytes) {
  std::string text;
  for (const char c : bytes.substr(0, observe::LogLine::max_text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {
      text += static_cast<char>(0xc0 | byte >> 6U);
      text += static_cast<char>(0x80 | (byte & 0x3fU));
    }
  }
  return bytes.size() > observe::LogLine::max_text ? text + "..." : text;
}

/// Lines parsed; every byte looked at.
std::vector<Json> parse_lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    for (const char c : line) require(c >= 0x20 && c < 0x7f, "printable ASCII alone", line);
    lines.push_back(Json::parse(line, nullptr, false));
    require(lines.back().is_object(), "a line is a JSON object", line);
  }
  require(text.empty() || text.back() == '\n', "whole lines");
  return lines;
}

class AccessLogFile {
 public:
  AccessLogFile() : descriptor_(::memfd_create("access", MFD_CLOEXEC)) {}
  ~AccessLogFile() { ::close(descriptor_); }
  AccessLogFile(const AccessLogFile&) = delete;
  AccessLogFile& operator=(const AccessLogFile&) = delete;
  std::string write(const observe::RequestRecord& record) {
    require(::ftruncate(descriptor_, 0) == 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0, "a file to write to");
    observe::AccessLog log(observe::AccessLogTarget::borrow(descriptor_), observe::QueryField::Write);
    log.append(record);
    log.append(record);
    log.flush();
    std::string text(static_cast<std::size_t>(::lseek(descriptor_, 0, SEEK_CUR)), '\0');
    require(::pread(descriptor_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()), "and to read");
    return text;
  }

 private:
  int descriptor_;
};

void access_log(std::string_view input) {
  Dice dice(input);
  std::string_view rest = input;
  const auto next = [&] {
    const std::string_view field = rest.substr(0, dice.below(rest.size() + 1));
    rest.remove_prefix(field.size());
    return field;
  };
  route::Listener listener;
  listener.gateway = next();
  listener.name = next();
  route::Rule rule;
  rule.source.route = next();
  rule.source.name = next();
  observe::RequestRecord record;
  record.request_id = next();
  record.server_address = next();
  record.path = next();
  record.query = next();
  record.tls_server_name = next();
  record.tls_client_subject = next();
  record.listener = &listener;
  record.rule = &rule;
  record.method_text = next();
  record.user_agent = rest;

  static AccessLogFile file;
  const std::vector<Json> lines = parse_lines(file.write(record));
  require(lines.size() == 2, "one line a record");
  const std::pair<const char*, std::string_view> fields[] = {
      {"request_id", record.request_id},
      {"server.address", record.server_address},
      {"url.path", record.path},
      {"url.query", record.query},
      {"tls.server_name", record.tls_server_name},
      {"tls.client.subject", record.tls_client_subject},
      {"http.request.method", record.method_text},
      {"user_agent.original", record.user_agent},
      {"gateway", listener.gateway},
      {"listener", listener.name},
      {"route", rule.source.route},
  };
  for (const auto& [name, value] : fields)
    require(lines[0].value(name, std::string()) == as_logged(value), "a field reads back as it was", name);
  require(lines[0].contains("config_generation"), "the last field is there");
}

std::ostringstream& operational_log() {
  static std::ostringstream text;
  static const bool ready = [] {
    log::configure(log::Level::Info, log::Format::Json);  // makes the logger
    spdlog::get("pintle")->sinks() = {std::make_shared<spdlog::sinks::ostream_sink_st>(text)};
    log::configure(log::Level::Info, log::Format::Json);
    return true;
  }();
  require(ready, "a logger");
  return text;
}

void require_plain(const std::string& shown) {
  require(is_utf8(shown), "a finding is UTF-8", shown);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto byte = static_cast<unsigned char>(shown[i]);
    require(byte >= 0x20 && byte != 0x7f, "without control bytes", shown);
    // U+0080 to U+009F: a terminal may obey U+009B as it obeys ESC [.
    if (byte == 0xc2) require(static_cast<unsigned char>(shown[i + 1]) >= 0xa0, "without C1 controls", shown);
  }
}

void run(std::string_view input) {
  if (input.size() > 16 * 1024) return;
  access_log(input);

  std::ostringstream& log_text = operational_log();
  log_text.str({});
  log::warning("object {}", input);
  const std::vector<Json> lines = parse_lines(log_text.str());
  require(lines.size() == 1, "one line a message");
  require(lines[0].value("level", "") == "warning", "nothing forges a field");

  if (!is_utf8(input)) return;  // no reader of manifests lets it through
  api::Finding finding;
  finding.id = "GW0301";
  finding.message = "value " + api::quote(input);
  require_plain(api::format_finding(finding));
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
