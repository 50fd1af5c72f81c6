#include "controller/kube/exec_fields.hpp"

#include <fmt/format.h>

namespace pintle::kube {
namespace {

using api::Value;

[[nodiscard]] Result<void> read_lists(const Place& exec, ExecPlugin& plugin) {
  if (const api::Member* arguments = exec.value->find("args"))
    for (const Value& argument : arguments->value.items) plugin.arguments.push_back(argument.text);
  const api::Member* environment = exec.value->find("env");
  if (environment == nullptr) return {};
  for (const Value& item : environment->value.items) {
    const Place pair{.file = exec.file, .value = &item, .path = exec.path + ".env[]"};
    const std::string name = text_of(pair, "name");
    if (name.empty() || name.find('=') != std::string::npos)
      return fault(pair, "name", "must be the name of an environment variable");
    plugin.environment.emplace_back(name, text_of(pair, "value"));
  }
  return {};
}

}  // namespace

Result<void> read_exec(const Place& user, User& out) {
  const api::Member* member = user.value->find("exec");
  if (member == nullptr || member->value.type == Value::Type::Null) return {};
  const Place exec{.file = user.file, .value = &member->value, .path = user.path + ".exec"};
  ExecPlugin plugin;
  plugin.place = place_of(user, "exec");
  plugin.api_version = text_of(exec, "apiVersion");
  if (plugin.api_version != "client.authentication.k8s.io/v1" &&
      plugin.api_version != "client.authentication.k8s.io/v1beta1")
    return fault(exec, "apiVersion",
                 fmt::format("is {}; use client.authentication.k8s.io/v1 (or v1beta1), which newer versions of the "
                             "plugin speak",
                             api::quote(plugin.api_version)));
  plugin.command = text_of(exec, "command");
  if (plugin.command.empty()) return fault(exec, "command", "is missing; name the program that prints credentials");
  if (plugin.command.find('/') != std::string::npos) plugin.command = absolute(exec.file, plugin.command);
  if (text_of(exec, "interactiveMode") == "Always")
    return fault(exec, "interactiveMode", "is Always: a controller has no terminal; use Never or IfAvailable");
  plugin.install_hint = text_of(exec, "installHint");
  auto info = flag_of(exec, "provideClusterInfo");
  if (!info) return std::unexpected(std::move(info.error()));
  plugin.provide_cluster_info = *info;
  if (auto done = read_lists(exec, plugin); !done) return done;
  out.exec = std::move(plugin);
  return {};
}

}  // namespace pintle::kube
