#include "controller/kube/exec_credentials.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/api/document.hpp"
#include "controller/api/rules.hpp"
#include "controller/kube/base64.hpp"
#include "controller/kube/command.hpp"
#include "controller/kube/small_file.hpp"

namespace pintle::kube {
namespace {

using Json = nlohmann::json;

constexpr Millis longest_run{60'000};
/// Asked for again a little before it expires: a request takes its time too.
constexpr std::chrono::seconds early{10};

[[nodiscard]] std::string text_in(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

class ExecCredentials final : public Credentials {
 public:
  ExecCredentials(boost::asio::io_context& io, ExecPlugin plugin, const Server& server)
      : io_(io), plugin_(std::move(plugin)), info_(make_exec_info(plugin_, server)) {}

  void get(Done done) override {
    if (credential_ && (!credential_->expires || wall_now() + early < *credential_->expires))
      return done(credential_->identity);
    waiting_.push_back(std::move(done));
    if (!command_) run();
  }
  void refused() override { credential_.reset(); }

 private:
  void run() {
    CommandLine line;
    line.words.push_back(plugin_.command);
    line.words.insert(line.words.end(), plugin_.arguments.begin(), plugin_.arguments.end());
    line.environment = plugin_.environment;
    line.environment.emplace_back("KUBERNETES_EXEC_INFO", info_);
    line.timeout = longest_run;
    command_ = run_command(io_, std::move(line), [this](Result<CommandResult> result) { on_end(std::move(result)); });
  }

  void on_end(Result<CommandResult> result) {
    const auto ended = std::exchange(command_, nullptr);
    auto credential = read(std::move(result));
    if (credential) credential_ = std::move(*credential);
    const std::vector<Done> waiting = std::exchange(waiting_, {});
    for (const Done& done : waiting) {
      if (credential_)
        done(credential_->identity);
      else
        done(std::unexpected(credential.error()));
    }
  }

  [[nodiscard]] Result<ExecCredential> read(Result<CommandResult> result) {
    if (!result) {
      std::string why = result.error().context;
      if (result.error().code == ErrorCode::NoSuchFile && !plugin_.install_hint.empty())
        why += "; " + api::visible(plugin_.install_hint);
      return refuse(why);
    }
    if (result->exit_code != 0)
      return refuse(fmt::format("it ended with {}: {}", result->exit_code, api::visible(result->errors)));
    auto credential = read_exec_credential(result->output.reveal(), plugin_.api_version);
    if (!credential) return refuse(credential.error().context);
    return credential;
  }
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view why) const {
    return make_error(ErrorCode::InvalidArgument, fmt::format("{}: the exec plugin {} gave no credentials: {}",
                                                              plugin_.place, api::quote(plugin_.command, 256), why));
  }

  boost::asio::io_context& io_;
  const ExecPlugin plugin_;
  const std::string info_;
  std::optional<ExecCredential> credential_;
  std::vector<Done> waiting_;
  std::unique_ptr<RunningCommand> command_;
};

}  // namespace

std::unique_ptr<Credentials> make_exec_credentials(boost::asio::io_context& io, ExecPlugin plugin,
                                                   const Server& server) {
  return std::make_unique<ExecCredentials>(io, std::move(plugin), server);
}

Result<ExecCredential> read_exec_credential(std::string_view printed, std::string_view api_version) {
  const auto refuse = [](std::string why) { return make_error(ErrorCode::Malformed, std::move(why)); };
  const Json body = Json::parse(printed, nullptr, /*allow_exceptions=*/false);
  if (!body.is_object() || text_in(body, "kind") != "ExecCredential")
    return refuse("what it printed is no ExecCredential");
  if (text_in(body, "apiVersion") != api_version)
    return refuse(fmt::format("it answered in apiVersion {}, the kubeconfig says {}",
                              api::quote(text_in(body, "apiVersion")), api_version));
  const auto status = body.find("status");
  if (status == body.end() || !status->is_object()) return refuse("its ExecCredential has no status");
  auto identity = std::make_shared<Identity>();
  identity->token = Secret(text_in(*status, "token"));
  identity->certificate.bytes = Secret(text_in(*status, "clientCertificateData"));
  identity->key.bytes = Secret(text_in(*status, "clientKeyData"));
  if (identity->certificate.empty() != identity->key.empty())
    return refuse("clientCertificateData and clientKeyData go together");
  if (identity->token.empty() && identity->certificate.empty())
    return refuse("its status holds neither a token nor a client certificate");
  ExecCredential out{.identity = std::move(identity), .expires = {}};
  if (const std::string expires = text_in(*status, "expirationTimestamp"); !expires.empty()) {
    out.expires = api::find_timestamp(expires);
    if (!out.expires) return refuse("its expirationTimestamp is no time");
  }
  return out;
}

std::string make_exec_info(const ExecPlugin& plugin, const Server& server) {
  Json info{{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (!plugin.provide_cluster_info) return info.dump();
  Json cluster{{"server", server.url}};
  if (!server.tls_server_name.empty()) cluster["tls-server-name"] = server.tls_server_name;
  if (server.trust == Trust::Anyone) cluster["insecure-skip-tls-verify"] = true;
  std::string authorities(server.authorities.bytes.reveal());
  if (!server.authorities.path.empty()) authorities = read_small_file(server.authorities.path).value_or("");
  if (!authorities.empty()) cluster["certificate-authority-data"] = encode_base64(authorities);
  info["spec"]["cluster"] = std::move(cluster);
  return info.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace pintle::kube
