#include "controller/kube/kubeconfig.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "controller/api/document.hpp"
#include "controller/api/finding.hpp"
#include "controller/api/read.hpp"
#include "controller/api/rules.hpp"
#include "controller/kube/exec_fields.hpp"
#include "controller/kube/small_file.hpp"
#include "controller/kube/yaml_place.hpp"

namespace pintle::kube {
namespace {

namespace fs = std::filesystem;
using api::Value;

struct Loaded {
  std::string path;
  api::Document document;
};

[[nodiscard]] Result<Loaded> load(const std::string& path) {
  auto bytes = read_small_file(path);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const Secret text(std::move(*bytes));  // tokens and keys may lie in it
  Loaded out{.path = path, .document = {}};
  std::vector<api::Finding> findings;
  const bool sound = api::read_manifest(
      {.bytes = text.reveal(), .file = std::make_shared<const std::string>(path)},
      [&](api::Document&& document) { out.document = std::move(document); }, findings);
  if (!sound) {
    // Of the finding only its place: its text may quote what stands there.
    const api::Finding* first = findings.empty() ? nullptr : &findings.front();
    return make_error(ErrorCode::Malformed,
                      fmt::format("{}:{}:{}: not valid YAML; a kubeconfig is what `kubectl config view` prints", path,
                                  first == nullptr ? 0 : first->line, first == nullptr ? 0 : first->column));
  }
  if (out.document.root.type != Value::Type::Mapping && out.document.root.type != Value::Type::Null)
    return make_error(ErrorCode::Malformed, fmt::format("{}: not a kubeconfig: it is no object", path));
  return out;
}

[[nodiscard]] Result<std::vector<Loaded>> load_all(const std::string& paths) {
  std::vector<Loaded> out;
  std::optional<Error> missing;
  std::size_t at = 0;
  while (at <= paths.size()) {
    const std::size_t end = std::min(paths.find(':', at), paths.size());
    const std::string path = paths.substr(at, end - at);
    at = end + 1;
    if (path.empty()) continue;
    auto loaded = load(path);
    if (loaded) {
      out.push_back(std::move(*loaded));
      continue;
    }
    if (loaded.error().code != ErrorCode::NoSuchFile) return std::unexpected(std::move(loaded.error()));
    missing = std::move(loaded.error());  // one of several may be missing
  }
  if (!out.empty()) return out;
  if (missing) return std::unexpected(std::move(*missing));
  return make_error(ErrorCode::NoSuchFile, "no kubeconfig is named; give --kubeconfig FILE or set KUBECONFIG");
}

/// Reads one context of some files.
class Reader {
 public:
  Reader(const std::vector<Loaded>& files, std::string_view wanted) : files_(files), wanted_(wanted) {}

  [[nodiscard]] Result<Connection> read() {
    auto context = find_context();
    if (!context) return std::unexpected(std::move(context.error()));
    Connection out;
    out.ns = text_of(*context, "namespace");
    if (out.ns.empty()) out.ns = "default";
    for (const auto part : {&Reader::read_cluster, &Reader::read_user})
      if (auto done = (this->*part)(*context, out); !done) return std::unexpected(std::move(done.error()));
    return out;
  }

 private:
  [[nodiscard]] Result<Place> find_context() {
    std::string name(wanted_);
    for (const Loaded& file : files_)
      if (name.empty()) name = text_of({.file = file.path, .value = &file.document.root}, "current-context");
    if (name.empty())
      return make_error(ErrorCode::InvalidArgument,
                        fmt::format("{}: current-context is not set; choose one with --context ({})",
                                    files_.front().path, names_of("contexts")));
    auto found = find_named("contexts", "context", name);
    if (found) return *found;
    return make_error(ErrorCode::InvalidArgument,
                      fmt::format("{}: there is no context {}; there are: {}", files_.front().path, api::quote(name),
                                  names_of("contexts")));
  }

  [[nodiscard]] std::optional<Place> find_named(std::string_view list, std::string_view part, std::string_view name) {
    for (const Loaded& file : files_) {
      const api::Member* held = file.document.root.find(list);
      if (held == nullptr) continue;
      for (const Value& item : held->value.items) {
        if (text_of({.file = file.path, .value = &item}, "name") != name) continue;
        const api::Member* inside = item.find(part);
        return Place{.file = file.path,
                     .value = inside == nullptr ? &item : &inside->value,
                     .path = fmt::format("{}[{}].{}", list, name, part)};
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string names_of(std::string_view list) const {
    std::vector<std::string> names;
    for (const Loaded& file : files_)
      if (const api::Member* held = file.document.root.find(list))
        for (const Value& item : held->value.items)
          names.push_back(api::quote(text_of({.file = file.path, .value = &item}, "name")));
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
  }

  [[nodiscard]] Result<Place> follow(const Place& context, std::string_view key, std::string_view list) {
    const std::string name = text_of(context, key);
    if (name.empty()) return fault(context, key, fmt::format("is missing; name one of the {}", list));
    if (auto found = find_named(list, key, name)) return *found;
    return fault(context, key, fmt::format("{} is not one of the {}: {}", api::quote(name), list, names_of(list)));
  }

  [[nodiscard]] Result<void> read_cluster(const Place& context, Connection& out) {
    auto cluster = follow(context, "cluster", "clusters");
    if (!cluster) return std::unexpected(std::move(cluster.error()));
    Server& server = out.server;
    if (!text_of(*cluster, "proxy-url").empty())
      return fault(*cluster, "proxy-url", "is not supported: the API server must be reached directly; remove it");
    server.url = text_of(*cluster, "server");
    while (server.url.ends_with('/')) server.url.pop_back();
    if (auto sound = check_url(*cluster, server.url); !sound) return sound;
    server.tls_server_name = text_of(*cluster, "tls-server-name");
    auto authorities = read_pem(*cluster, "certificate-authority");
    if (!authorities) return std::unexpected(std::move(authorities.error()));
    server.authorities = std::move(*authorities);
    auto skip = flag_of(*cluster, "insecure-skip-tls-verify");
    if (!skip) return std::unexpected(std::move(skip.error()));
    if (*skip) {
      server.trust = Trust::Anyone;
      out.warnings.push_back(
          fmt::format("{}: insecure-skip-tls-verify: whoever answers at {} is taken for the API server; give its "
                      "certificate-authority instead",
                      place_of(*cluster, "insecure-skip-tls-verify"), server.url));
    }
    return {};
  }

  /// Tokens and keys of Secrets travel there: only over TLS, or not over a network at all (req 62).
  [[nodiscard]] static Result<void> check_url(const Place& cluster, const std::string& url) {
    if (url.empty()) return fault(cluster, "server", "is missing; write it like https://10.0.0.1:6443");
    if (url.starts_with("https://") && url.size() > 8) return {};
    for (const std::string_view own : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
      if (url == own || (url.starts_with(own) && (url[own.size()] == ':' || url[own.size()] == '/'))) return {};
    return fault(cluster, "server",
                 fmt::format("{} is not https (plain http is for this host alone, as kubectl proxy offers it)",
                             api::quote(url, 256)));
  }

  [[nodiscard]] Result<void> read_user(const Place& context, Connection& out) {
    auto found = follow(context, "user", "users");
    if (!found) return std::unexpected(std::move(found.error()));
    const Place& user = *found;
    for (const std::string_view key : {"username", "password"})
      if (user.value->find(key) != nullptr)
        return fault(user, key,
                     "is not supported: API servers take no passwords any more; use a token, a client certificate or "
                     "an exec plugin");
    if (user.value->find("auth-provider") != nullptr)
      return fault(user, "auth-provider",
                   "is not supported: Kubernetes 1.26 removed it; use the exec plugin of your provider");
    for (const std::string_view key : {"as", "as-groups", "as-uid", "as-user-extra"})
      if (user.value->find(key) != nullptr)
        return fault(user, key, "is not supported: give Pintle credentials of its own instead");
    out.user.token = Secret(text_of(user, "token"));
    out.user.token_file = absolute(user.file, text_of(user, "tokenFile"));
    if (auto done = read_certificate(user, out.user); !done) return done;
    return read_exec(user, out.user);
  }

  [[nodiscard]] static Result<void> read_certificate(const Place& user, User& out) {
    auto certificate = read_pem(user, "client-certificate");
    if (!certificate) return std::unexpected(std::move(certificate.error()));
    auto key = read_pem(user, "client-key");
    if (!key) return std::unexpected(std::move(key.error()));
    if (certificate->empty() != key->empty())
      return fault(user, certificate->empty() ? "client-certificate" : "client-key",
                   "is missing: certificate and key go together");
    out.certificate = std::move(*certificate);
    out.key = std::move(*key);
    return {};
  }

  const std::vector<Loaded>& files_;
  std::string_view wanted_;
};

}  // namespace

std::string choose_kubeconfig(std::string_view flag, std::string_view environment, std::string_view home) {
  if (!flag.empty()) return std::string(flag);
  if (!environment.empty()) return std::string(environment);
  if (home.empty()) return {};
  return (fs::path(home) / ".kube" / "config").string();
}

Result<Connection> read_kubeconfig(const KubeconfigChoice& choice) {
  auto files = load_all(choice.paths);
  if (!files) return std::unexpected(std::move(files.error()));
  return Reader(*files, choice.context).read();
}

}  // namespace pintle::kube
