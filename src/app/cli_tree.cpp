#include "src/app/cli_tree.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "src/app/cli_controller.hpp"
#include "src/app/cli_flags.hpp"
#include "src/app/cli_values.hpp"

namespace pintle::app {
namespace {

const std::map<std::string, OutputFormat> table_formats{{"text", OutputFormat::Text},
                                                        {"wide", OutputFormat::Wide},
                                                        {"json", OutputFormat::Json},
                                                        {"yaml", OutputFormat::Yaml}};
const std::map<std::string, OutputFormat> plain_formats{{"text", OutputFormat::Text}, {"json", OutputFormat::Json}};
const std::map<std::string, OutputFormat> finding_formats{{"text", OutputFormat::Text},
                                                          {"json", OutputFormat::Json},
                                                          {"sarif", OutputFormat::Sarif},
                                                          {"github", OutputFormat::Github}};

void add_serve_listening(Flags& flags, ServeOptions& o) {
  flags.group("Listeners");
  flags.repeated("--address", into_addresses(o.addresses), "IP",
                 "bind Gateways without spec.addresses here; '*' for all; may be repeated", "127.0.0.1 and ::1");
  flags.value("--port-offset", o.port_offset, "N", "add N to the port of every listener", "0");
  flags.choice<TlsMode>("--tls", o.tls, {{"manifests", TlsMode::Manifests}, {"internal", TlsMode::Internal}},
                        "internal: HTTPS listeners whose Secret is absent get a certificate of the own CA",
                        "manifests");
  flags.value("--state-dir", o.state_dir, "DIR", "where the own CA is kept", "$XDG_STATE_HOME/pintle");
  add_trust(flags, o);
}

}  // namespace

void add_trust(Flags& flags, RunOptions& o) {
  flags.value("--trusted-hops", o.trusted_hops, "N",
              "believe that many proxies in front (X-Forwarded-For, from the right)", "0");
}

void add_running(Flags& flags, RunOptions& o) {
  flags.group("Running");
  flags.choice<Balance>(
      "--balance", o.balance, {{"round-robin", Balance::RoundRobin}, {"least-in-flight", Balance::LeastInFlight}},
      "how an endpoint is chosen; least-in-flight: of two drawn at random, the one with fewer requests", "round-robin");
  flags.value("--threads", o.threads, "N", "worker threads", "CPU quota");
  flags.value("--max-connections", o.max_connections, "N", "connections of clients at once", "descriptor limit");
  flags.parsed("--drain-delay", into_duration(o.drain_delay), "TIME", "after TERM: unready, but accepting, for so long",
               "0s");
  flags.parsed("--drain-max", into_duration(o.drain_max), "TIME", "after that: time for requests in flight", "30s");
  flags.flag("--once-ready", o.after_ready, AfterReady::Exit, "stop as soon as everything is bound and served");
}

void add_telling(Flags& flags, RunOptions& o) {
  flags.group("Telling");
  flags.parsed("--admin", into_admin(o.admin, "off"), "IP:PORT", "metrics, health, dumps; off: none", "127.0.0.1:9801");
  flags.parsed(
      "--access-log",
      [&o](const std::string& given) -> Result<void> {
        o.access_log = given == "off" ? AccessLogTo::Off : given == "stdout" ? AccessLogTo::Stdout : AccessLogTo::File;
        o.access_log_file = o.access_log == AccessLogTo::File ? given : std::string();
        return {};
      },
      "off|stdout|FILE", "one JSON line per request", "stdout");
  flags.choice<QueryLogging>("--access-log-query", o.access_log_query,
                             {{"off", QueryLogging::Off}, {"on", QueryLogging::On}},
                             "write queries too; they often hold secrets", "off");
  flags.value("--max-series", o.max_metric_series, "N", "most label sets of metrics; the rest counts as 'other'",
              "20000");
  flags.choice<log::Level>("--log-level", o.log_level,
                           {{"debug", log::Level::Debug},
                            {"info", log::Level::Info},
                            {"warning", log::Level::Warning},
                            {"error", log::Level::Error},
                            {"off", log::Level::Off}},
                           "what to say on standard error", "info");
  flags.choice<log::Format>("--log-format", o.log_format, {{"text", log::Format::Text}, {"json", log::Format::Json}},
                            "how to say it", "text");
}

namespace {

void add_serve(CLI::App& app, ServeOptions& o) {
  Flags flags(app);
  flags.group("Configuration");
  flags.repeated("--config", into_list(o.config_dirs), "DIR",
                 "folder (or file) of manifests, followed as it changes; may be repeated; required");
  flags.repeated(
      "--backend",
      [&o](const std::string& given) -> Result<void> {
        const auto parsed = parse_backend_override(given);
        if (!parsed) return std::unexpected(parsed.error());
        o.backends.push_back(*parsed);
        return {};
      },
      "NS/SVC:PORT=HOST:PORT", "reach a Service port there instead of at its EndpointSlices; may be repeated");
  add_serve_listening(flags, o);
  add_running(flags, o);
  add_telling(flags, o);
  flags.value("--status-dir", o.status_dir, "DIR", "also write statuses there as files");
}

void add_target(Flags& flags, Target& o) {
  flags.group("Where to look");
  flags.repeated("--config", into_list(o.config_dirs), "DIR", "folder of manifests, offline; may be repeated");
  flags.parsed("--admin", into_admin(o.admin, {}), "IP:PORT", "a running instance; used when --config is not given",
               "127.0.0.1:9801");
  flags.value("--port-offset", o.port_offset, "N", "offline: as given to serve", "0");
  flags.repeated("--address", into_addresses(o.addresses), "IP", "offline: as given to serve", "127.0.0.1 and ::1");
  flags.choice<TlsMode>("--tls", o.tls, {{"manifests", TlsMode::Manifests}, {"internal", TlsMode::Internal}},
                        "offline: as given to serve", "manifests");
}

void add_explain(CLI::App& app, ExplainOptions& o) {
  app.add_option("URL", o.url, "the request, as http://HOST[:PORT]/PATH[?QUERY]; tls://, tcp:// or udp://HOST:PORT");
  Flags flags(app);
  flags.group("Request");
  flags.value("-X,--method", o.method, "METHOD", "method", "GET");
  flags
      .parsed(
          "-H,--header",
          [&o](const std::string& given) -> Result<void> {
            if (const auto sound = check_header(given); !sound) return sound;
            o.headers.push_back(given);
            return {};
          },
          "'NAME: VALUE'", "header field; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  flags.value("--sni", o.sni, "NAME", "server name of the TLS handshake", "the URL's host");
  add_target(flags, o.target);
  flags.group("Output");
  flags.choice("-o,--output", o.format, plain_formats, "format", "text");
}

void add_validate(CLI::App& app, ValidateOptions& o) {
  app.add_option("PATH", o.paths, "files or folders of manifests");
  Flags flags(app);
  flags.group("Checks");
  flags.value("--expiry-days", o.expiry_days, "N", "name certificates that end within N days", "21");
  flags.choice<TlsMode>("--tls", o.tls, {{"manifests", TlsMode::Manifests}, {"internal", TlsMode::Internal}},
                        "as given to serve; internal: a Secret that is absent is no finding", "manifests");
  flags.group("Output");
  flags.choice("-o,--output", o.format, finding_formats, "format", "text");
  flags.choice<api::Severity>(
      "--fail-on", o.fail_on,
      {{"info", api::Severity::Info}, {"warning", api::Severity::Warning}, {"error", api::Severity::Error}},
      "exit 3 for findings of this severity or worse", "error");
}

void add_check(CLI::App& app, CheckOptions& o) {
  app.add_option("URL", o.url, "what to ask, as http://HOST[:PORT]/PATH[?QUERY]");
  Flags flags(app);
  flags.group("Flags");
  flags.value("--host", o.host, "NAME", "Host field of the request", "the URL's host");
  flags.value("--expect-status", o.expect_status, "N", "the status that is right", "200");
  flags.parsed("--wait", into_duration(o.wait), "TIME", "ask again until it is right, for so long", "0s");
}

void add_demo(CLI::App& app, DemoOptions& o) {
  Flags flags(app);
  flags.group("Flags");
  flags.flag("--once", o.afterwards, Afterwards::Stop,
             "stop after the table; exit 0 if every row came out as expected");
  flags.value("--folder", o.folder, "DIR", "where the manifests are written; kept if they are there", "quickstart");
  flags.value("--port-offset", o.port_offset, "N", "add N to the ports 80 and 443 of the example", "8000");
  flags.parsed("--admin", into_admin(o.admin, "off"), "IP:PORT", "metrics, health, dumps; off: none", "127.0.0.1:9801");
}

}  // namespace

std::vector<FlagText> flags_of(const CLI::App& command) {
  std::vector<FlagText> texts;
  for (const CLI::Option* option : command.get_options()) {
    FlagText text;
    text.group = option->get_positional() ? std::string("Arguments") : option->get_group();
    if (!option->get_snames().empty()) text.short_name = "-" + option->get_snames().front();
    text.long_name = option->get_positional() ? option->get_name(true) : "--" + option->get_lnames().front();
    text.value =
        option->get_items_expected_max() == 0 || option->get_positional() ? std::string() : option->get_type_name();
    text.description = option->get_description();
    text.default_text = option->get_default_str();
    text.variable = option->get_envname();
    if (text.value.find('|') != std::string::npos)
      for (std::string word : CLI::detail::split(text.value, '|'))
        if (!word.empty() && std::ranges::all_of(word, [](unsigned char c) { return std::islower(c) != 0; }))
          text.choices.push_back(std::move(word));
    texts.push_back(std::move(text));
  }
  return texts;
}

std::unique_ptr<CLI::App> make_tree(Options& options) {
  auto app =
      std::make_unique<CLI::App>("Gateway API from plain manifests: one binary that routes and explains", "pintle");
  app->set_help_flag();
  app->allow_extras();
  for (const CommandText& text : command_texts()) {
    CLI::App* command = app->add_subcommand(std::string(text.name), std::string(text.summary));
    command->set_help_flag();
    command->allow_extras();
    command->callback([&options, which = text.command] { options.command = which; });
    switch (text.command) {
      case Command::Demo:
        add_demo(*command, options.demo);
        break;
      case Command::Serve:
        add_serve(*command, options.serve);
        break;
      case Command::Controller:
        add_controller(*command, options.controller);
        break;
      case Command::Check:
        add_check(*command, options.check);
        break;
      case Command::Validate:
        add_validate(*command, options.validate);
        break;
      case Command::Explain:
        add_explain(*command, options.explain);
        break;
      case Command::Status:
      case Command::Routes: {
        const bool status = text.command == Command::Status;
        Flags flags(*command);
        add_target(flags, status ? options.status.target : options.routes.target);
        flags.group("Output");
        flags.choice("-o,--output", status ? options.status.format : options.routes.format, table_formats, "format",
                     "text");
        break;
      }
      case Command::Version: {
        Flags flags(*command);
        flags.group("Output").choice("-o,--output", options.version.format, plain_formats, "format", "text");
        break;
      }
      case Command::Completion:
        command->add_option("SHELL", options.shell, "bash, zsh or fish");
        break;
      case Command::Help:
        command->add_option("COMMAND", options.topic, "the command to describe");
        break;
      case Command::Man:
      case Command::None:
        break;
    }
    command->add_flag("-h,--help")->description("this text")->group("Help");
  }
  app->add_flag("-h,--help")->description("this text")->group("Help");
  app->add_flag("--version")->description("version and commit")->group("Help");
  return app;
}

}  // namespace pintle::app
