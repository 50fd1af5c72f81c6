// What the command line said, as plain values: one structure per command. Filled by cli.cpp, read by the commands.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/finding.hpp"
#include "src/app/controller.hpp"
#include "src/app/serve.hpp"

namespace pintle::app {

enum class OutputFormat : std::uint8_t { Text, Wide, Json, Yaml, Sarif, Github };

/// Where `explain`, `status` and `routes` look: at folders, offline, or at a running instance.
struct Target {
  std::vector<std::string> config_dirs;  ///< empty: ask the instance
  std::vector<std::string> addresses;    ///< as ServeOptions
  std::uint16_t port_offset = 0;
  TlsMode tls = TlsMode::Manifests;
  std::string admin = "127.0.0.1:9801";
};

struct ExplainOptions {
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value"
  std::string sni;                   ///< empty: the URL's host
  Target target;
  OutputFormat format = OutputFormat::Text;
};

struct StatusOptions {
  Target target;
  OutputFormat format = OutputFormat::Text;
};

struct RoutesOptions {
  Target target;
  OutputFormat format = OutputFormat::Text;
};

struct ValidateOptions {
  std::vector<std::string> paths;
  OutputFormat format = OutputFormat::Text;
  api::Severity fail_on = api::Severity::Error;
  std::uint16_t expiry_days = 21;    ///< certificates that end sooner are a finding
  TlsMode tls = TlsMode::Manifests;  ///< as ServeOptions
};

enum class Afterwards : std::uint8_t { KeepServing, Stop };
struct DemoOptions {
  Afterwards afterwards = Afterwards::KeepServing;
  std::string folder = "quickstart";
  std::string admin = "127.0.0.1:9801";
  std::uint16_t port_offset = 8000;  ///< the example's Gateway has the ports 80 and 443
};

struct CheckOptions {
  std::string url;
  std::string host;  ///< empty: the URL's
  std::uint16_t expect_status = 200;
  Millis wait{0};
};

struct VersionOptions {
  OutputFormat format = OutputFormat::Text;
};

enum class Command : std::uint8_t {
  None,
  Demo,
  Serve,
  Controller,
  Check,
  Validate,
  Explain,
  Status,
  Routes,
  Version,
  Completion,
  Man,
  Help,
};

struct Options {
  Command command = Command::None;
  ServeOptions serve;
  ControllerOptions controller;
  CheckOptions check;
  DemoOptions demo;
  ValidateOptions validate;
  ExplainOptions explain;
  StatusOptions status;
  RoutesOptions routes;
  VersionOptions version;
  std::string shell;  ///< of `completion`
  std::string topic;  ///< of `help`: a command, or empty
};

}  // namespace pintle::app
