// demo: the built-in manifests in a folder, backends of our own, a running server, and a table of what really comes
// back from it. The server runs on the main thread as in `serve`; the requests are made on a thread of their own.
#include <algorithm>
#include <atomic>
#include <exception>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "dataplane/net/listener.hpp"
#include "src/app/commands.hpp"
#include "src/app/demo_table.hpp"
#include "src/app/echo_backend.hpp"
#include "src/app/explain_walk.hpp"
#include "src/app/internal_ca.hpp"
#include "src/app/offline.hpp"
#include "src/app/quickstart.hpp"
#include "src/app/url.hpp"

namespace pintle::app {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::uint16_t http_port = 80;  // of the Gateway in the manifests
constexpr std::uint16_t https_port = 443;
constexpr std::uint16_t echo_port = 18081;  // as the EndpointSlices have them, if they are free

/// How this program is called from the folder we are in: what is printed can be pasted.
[[nodiscard]] std::string program_name() {
  std::error_code fault;
  const fs::path self = fs::read_symlink("/proc/self/exe", fault);
  if (fault) return "pintle";
  const fs::path near = fs::proximate(self, fault);
  if (fault || near.native().starts_with("..")) return self.parent_path() == "/usr/bin" ? "pintle" : self.string();
  return near.has_parent_path() ? near.string() : "./" + near.string();
}

class Demo {
 public:
  Demo(const DemoOptions& options, Terminal& terminal) : options_(options), terminal_(terminal) {}

  [[nodiscard]] Exit run() {
    const Result<ServeOptions> serving = prepare();
    if (!serving) {
      terminal_.err << terminal_.paint(Paint::Bad, "error: ") << printable(serving.error().context) << '\n';
      return Exit::Failed;
    }
    terminal_.out << fmt::format("serving the built-in example; {}\n",
                                 options_.afterwards == Afterwards::Stop ? "stops after the table" : "Ctrl-C stops")
                  << std::flush;
    ServeEvents events;
    events.on_ready = [this](const std::string& admin) { asker_ = std::thread([this, admin] { ask_all(admin); }); };
    events.should_stop = [this] { return options_.afterwards == Afterwards::Stop && asked_.load(); };
    const int exit = serve(*serving, events);
    if (asker_.joinable()) asker_.join();
    if (exit != 0 || options_.afterwards == Afterwards::KeepServing) return static_cast<Exit>(exit);
    return as_expected_ ? Exit::Fine : Exit::Failed;
  }

 private:
  [[nodiscard]] Result<ServeOptions> prepare();
  [[nodiscard]] Result<void> check_ports() const;
  void ask_all(const std::string& admin);
  void print_gateway(const std::string& admin);
  void print_table(const std::string& admin);
  void print_explanation(const std::string& admin);
  void print_hints(const std::string& admin);
  [[nodiscard]] Json walk(const std::string& admin, const DemoRequest& request) const;
  [[nodiscard]] std::string explain_command(const DemoRequest& request, const std::string& admin) const;

  const DemoOptions& options_;
  Terminal& terminal_;
  DemoPorts ports_;
  std::string ca_file_;
  std::unique_ptr<EchoBackends> backends_;
  std::thread asker_;
  std::atomic<bool> asked_{false};
  bool as_expected_ = true;  ///< the asker's until it is joined
};

Result<void> Demo::check_ports() const {
  for (const std::uint16_t port : {ports_.http, ports_.https}) {
    const auto free = net::open_listening_sockets({.ip = {127, 0, 0, 1}, .port = port, .v6 = false}, 1);
    if (free) continue;
    if (free.error().code != ErrorCode::AddressInUse) return std::unexpected(free.error());
    return make_error(ErrorCode::AddressInUse,
                      fmt::format("port {} is in use by another program; stop it, or choose other ports: {} demo "
                                  "--port-offset {}",
                                  port, program_name(), options_.port_offset + 1000));
  }
  return {};
}

Result<ServeOptions> Demo::prepare() {
  if (options_.port_offset > 65535 - https_port)
    return make_error(ErrorCode::InvalidArgument, "--port-offset: the sum is no port; give at most 65092");
  ports_ = {.http = static_cast<std::uint16_t>(http_port + options_.port_offset),
            .https = static_cast<std::uint16_t>(https_port + options_.port_offset)};
  if (auto free = check_ports(); !free) return std::unexpected(std::move(free.error()));
  if (auto written = write_quickstart(options_.folder); !written) return std::unexpected(std::move(written.error()));
  const auto state_dir = choose_state_dir({});
  if (!state_dir) return std::unexpected(state_dir.error());
  ca_file_ = *state_dir + "/ca.crt";

  std::vector<EchoPod> pods;
  for (const char* name : {"shop-v1", "shop-v2"})
    pods.push_back(
        {name, {.ip = {127, 0, 0, 1}, .port = static_cast<std::uint16_t>(echo_port + pods.size()), .v6 = false}});
  auto started = EchoBackends::start(std::move(pods));
  if (!started) return std::unexpected(std::move(started.error()));
  backends_ = std::move(*started);

  ServeOptions made;
  made.config_dirs = {options_.folder};
  made.port_offset = options_.port_offset;
  made.admin = options_.admin;
  made.tls = TlsMode::Internal;
  made.state_dir = *state_dir;
  for (const EchoPod& pod : backends_->pods())
    made.backends.push_back({.ns = "default", .service = pod.name, .port = 80, .address = pod.address});
  made.access_log = AccessLogTo::Off;  // the table shows the requests
  made.log_level = log::Level::Warning;
  made.drain_max = Millis(2000);
  return made;
}

/// What the running server says of the request; without an admin address, what the same manifests say offline.
Json Demo::walk(const std::string& admin, const DemoRequest& request) const {
  const std::string url = url_of(request, ports_);
  if (!admin.empty()) {
    std::string target = "/explain?url=" + encode_query_component(url);
    if (!request.header.empty()) target += "&header=" + encode_query_component(request.header);
    const auto answer = fetch_admin(admin, target);
    Json parsed = answer ? Json::parse(answer->body, nullptr, false) : Json::object();
    return parsed.is_object() ? parsed : Json::object();
  }
  Target target;
  target.port_offset = options_.port_offset;
  target.tls = TlsMode::Internal;
  ExplainRequest asked;
  asked.url = url;
  if (!request.header.empty()) asked.headers.push_back(request.header);
  return explain_request(evaluate({options_.folder}, target).compiled, asked).value_or(Json::object());
}

/// The command that prints the walk: of the running example, if it can be asked.
std::string Demo::explain_command(const DemoRequest& request, const std::string& admin) const {
  std::string where;
  // After --once there is nobody left to ask.
  if (admin.empty() || options_.afterwards == Afterwards::Stop)
    where = fmt::format(" --config {} --port-offset {} --tls internal", options_.folder, options_.port_offset);
  else if (admin != "127.0.0.1:9801")
    where = " --admin " + admin;
  return fmt::format("{} explain {}{}", program_name(), url_of(request, ports_), where);
}

void Demo::print_gateway(const std::string& admin) {
  std::string standing;
  if (const auto answer = admin.empty() ? std::nullopt : std::optional(fetch_admin(admin, "/status"));
      answer && *answer) {
    const Json statuses = Json::parse((*answer)->body, nullptr, false);
    if (statuses.is_object())
      for (const Json& item : statuses.value("items", Json::array()))
        if (item.value("kind", "") == "Gateway" && item["metadata"].value("name", "") == "demo")
          for (const Json& condition : item["status"].value("conditions", Json::array()))
            if (condition.value("type", "") == "Programmed")
              standing = condition.value("status", "") == "True" ? "Programmed" : condition.value("reason", "");
  }
  terminal_.out << fmt::format("Gateway default/demo   {}   http://localhost:{}   https://localhost:{} (own CA: {})\n",
                               standing, ports_.http, ports_.https, printable(ca_file_));
}

void Demo::print_table(const std::string& admin) {
  TextTable table(demo_columns());
  std::vector<std::string> faults;
  for (const DemoRequest& request : demo_requests()) {
    const Result<FetchResponse> response = fetch(fetch_of(request, ports_, ca_file_));
    DemoRow row = make_row(request, ports_, response, walk(admin, request));
    table.add(std::move(row.cells));
    if (!row.fault.empty()) faults.push_back(std::move(row.fault));
  }
  table.print(terminal_);
  for (const std::string& fault : faults)
    terminal_.out << terminal_.paint(Paint::Bad, "not as expected: ") << printable(fault) << '\n';
  as_expected_ = faults.empty();
}

void Demo::print_explanation(const std::string& admin) {
  const DemoRequest& lost = demo_requests().back();
  const std::string command = explain_command(lost, admin);
  const Json why = walk(admin, lost);
  if (!why.contains("answer")) return;
  terminal_.out << "\nWhy the " << lost.status << "?  " << terminal_.paint(Paint::Bold, command) << '\n';
  const std::string text = explain_text(why);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    terminal_.out << (end == 0 ? "" : "  ") << rest.substr(0, end) << '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void Demo::print_hints(const std::string& admin) {
  terminal_.out << fmt::format("\nTry:    curl -H 'Host: shop.localhost' localhost:{}/\n", ports_.http)
                << fmt::format("        curl --cacert {} https://shop.localhost:{}/\n", printable(ca_file_),
                               ports_.https)
                << fmt::format("        {}\n", explain_command(demo_requests().front(), admin));
  if (!admin.empty()) terminal_.out << fmt::format("Admin:  http://{}/status  /routes  /metrics  /config\n", admin);
  terminal_.out << fmt::format("Edit:   {}/*.yaml (reloads by itself)\n", printable(options_.folder)) << std::flush;
}

void Demo::ask_all(const std::string& admin) {
  try {
    print_gateway(admin);
    print_table(admin);
    print_explanation(admin);
    if (options_.afterwards == Afterwards::KeepServing) print_hints(admin);
  } catch (const std::exception& fault) {  // of the JSON library, if an answer is not what it should be
    terminal_.err << "error: " << printable(fault.what()) << '\n';
    as_expected_ = false;
  }
  terminal_.out << std::flush;
  log::set_level(log::Level::Info);  // from here on edits are what there is to see
  asked_.store(true);
}

}  // namespace

Exit run_demo(const DemoOptions& options, Terminal& terminal) { return Demo(options, terminal).run(); }

}  // namespace pintle::app
