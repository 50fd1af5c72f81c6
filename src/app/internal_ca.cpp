#include "src/app/internal_ca.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include <pintle/base/log.hpp>

#include "src/app/ca_files.hpp"
#include "src/app/ca_issue.hpp"

namespace pintle::app {
namespace {

using std::chrono::days;

constexpr days ca_lifetime{3650};
constexpr days leaf_lifetime{90};
constexpr days renewal{30};  ///< so long before its end a certificate is made anew
/// Clocks of clients may be behind.
constexpr std::chrono::hours head_start{1};
/// Each costs some 20 bytes of every handshake.
constexpr std::size_t max_names = 100;

/// As clients judge names: the wildcard stands for one label, and two labels or more must follow it.
[[nodiscard]] bool client_accepts(std::string_view name, std::string_view host) noexcept {
  if (!name.starts_with("*.")) return name == host;
  const std::string_view suffix = name.substr(1);
  if (suffix.find('.', 1) == std::string_view::npos) return false;
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && host.substr(dot) == suffix;
}

/// As the Gateway API judges a listener's hostname: the wildcard stands for one label or more.
[[nodiscard]] bool listener_covers(std::string_view hostname, std::string_view host) noexcept {
  if (hostname == "*") return true;
  if (!hostname.starts_with("*.")) return hostname == host;
  return host.size() > hostname.size() - 1 && host.ends_with(hostname.substr(1));
}

[[nodiscard]] std::set<std::string> names_for(const std::string& hostname, const std::set<std::string>& route_hosts) {
  std::set<std::string> names{hostname};
  if (hostname == "*") names = {"localhost", "*.localhost", "127.0.0.1", "::1"};
  for (const std::string& host : route_hosts) {
    if (names.size() >= max_names) break;
    const auto accepts = [&](const std::string& name) { return client_accepts(name, host); };
    if (listener_covers(hostname, host) && std::ranges::none_of(names, accepts)) names.insert(host);
  }
  return names;
}

[[nodiscard]] std::unexpected<Error> unusable(const std::string& directory, std::string_view what) {
  return make_error(ErrorCode::InvalidArgument,
                    fmt::format("the own CA in {} {}; remove ca.crt and ca.key to get a new one (clients then have to "
                                "trust it anew), or choose another folder with --state-dir DIR",
                                directory, what));
}

[[nodiscard]] std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

struct InternalCa::Keys {
  CertificatePtr certificate;
  KeyPtr key;
  Wall ends;
};

Result<std::string> choose_state_dir(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  // The XDG base directory specification: a path that is not absolute is ignored.
  if (const auto state = variable("XDG_STATE_HOME"); state && state->starts_with('/')) return *state + "/pintle";
  if (const auto home = variable("HOME")) return *home + "/.local/state/pintle";
  if (const passwd* entry = ::getpwuid(::getuid()); entry != nullptr && entry->pw_dir != nullptr)
    return std::string(entry->pw_dir) + "/.local/state/pintle";
  return make_error(ErrorCode::NoSuchFile, "no home folder to keep the own CA in; choose one with --state-dir DIR");
}

InternalCa::InternalCa(std::unique_ptr<Keys> keys, std::string certificate_file)
    : keys_(std::move(keys)), certificate_file_(std::move(certificate_file)) {}
InternalCa::~InternalCa() = default;

Result<std::unique_ptr<InternalCa>> InternalCa::open(const std::string& directory, Wall now) {
  const auto lock = FolderLock::take(directory);
  if (!lock) return std::unexpected(lock.error());
  const std::string certificate_file = directory + "/ca.crt";
  const std::string key_file = directory + "/ca.key";
  const auto certificate_pem = read_ca_file(certificate_file, FileSecrecy::Public);
  if (!certificate_pem) return std::unexpected(certificate_pem.error());
  auto key_pem = read_ca_file(key_file, FileSecrecy::Secret);
  if (!key_pem) return std::unexpected(key_pem.error());

  auto keys = std::make_unique<Keys>();
  if (!*certificate_pem && !*key_pem) {
    keys->key = make_key();
    if (keys->key) keys->certificate = make_ca_certificate(*keys->key, {now - head_start, now + ca_lifetime});
    if (!keys->certificate) return make_error(ErrorCode::Internal, "OpenSSL cannot make the own CA");
    const Secret secret = to_pem(*keys->key);
    if (auto written = create_ca_file(key_file, secret.reveal(), FileSecrecy::Secret); !written)
      return std::unexpected(written.error());
    if (auto written = create_ca_file(certificate_file, to_pem(*keys->certificate), FileSecrecy::Public); !written)
      return std::unexpected(written.error());
    log::info("made an own CA, {}; clients that trust it accept the certificates of --tls internal", certificate_file);
  } else {
    if (!*certificate_pem || !*key_pem)
      return unusable(directory, *key_pem ? "has ca.key without ca.crt" : "has ca.crt without ca.key");
    const Secret secret(std::move(**key_pem));
    keys->certificate = read_certificate(**certificate_pem);
    keys->key = read_key(secret.reveal());
    if (!keys->certificate) return unusable(directory, "has a ca.crt that is no PEM certificate");
    if (!keys->key) return unusable(directory, "has a ca.key that is no PEM key");
    if (!belongs_together(*keys->certificate, *keys->key))
      return unusable(directory, "has a ca.crt and a ca.key that do not belong together");
    if (!is_ca(*keys->certificate)) return unusable(directory, "has a ca.crt that may not sign certificates");
    if (end_of(*keys->certificate) <= now)
      return unusable(directory, fmt::format("ended {}", format_rfc3339(end_of(*keys->certificate))));
  }
  keys->ends = end_of(*keys->certificate);
  return std::unique_ptr<InternalCa>(new InternalCa(std::move(keys), certificate_file));
}

void InternalCa::set_route_hosts(std::set<std::string> hosts) { route_hosts_ = std::move(hosts); }

std::shared_ptr<const runtime::Certificate> InternalCa::certificate_for(const std::string& hostname, Wall now) {
  std::set<std::string> names = names_for(hostname, route_hosts_);
  Issued& issued = issued_[hostname];
  const Wall end = std::min(now + leaf_lifetime, keys_->ends);  // none outlives its CA
  if (issued.certificate && issued.names == names) {
    const Wall present(std::chrono::seconds(issued.certificate->not_after));
    if (now + renewal < present || end <= present) return issued.certificate;
  }
  const KeyPtr key = make_key();
  const Validity validity{now - head_start, end};
  const CertificatePtr leaf =
      key ? make_leaf_certificate(*key, names, validity, *keys_->certificate, *keys_->key) : nullptr;
  if (!leaf) {
    log::error("the own CA cannot make a certificate for '{}'", hostname);
    return issued.certificate;
  }
  auto made = std::make_shared<runtime::Certificate>();
  made->source = "internal";
  made->chain_pem = to_pem(*leaf);
  made->key_pem = to_pem(*key);
  made->dns_names.assign(names.begin(), names.end());
  made->not_after = end_of(*leaf).time_since_epoch().count();
  made->serial = serial_of(*leaf);
  made->fingerprint = fingerprint_of(*leaf);
  issued = {.names = std::move(names), .certificate = std::move(made)};
  return issued.certificate;
}

}  // namespace pintle::app
