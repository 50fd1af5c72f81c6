#include "controller/kube/kubeconfig.hpp"

#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "controller/kube/base64.hpp"
#include "controller/kube/in_cluster.hpp"
#include "test/unit/controller/kube/loop.hpp"

namespace pintle::kube {
namespace {

using testing::TempFolder;

const std::string pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

/// One context "c" of cluster "k" and user "u".
[[nodiscard]] std::string config(const std::string& cluster, const std::string& user,
                                 const std::string& context = "cluster: k, user: u") {
  return fmt::format(
      "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: {{{}}}\nclusters:\n- name: "
      "k\n"
      "  cluster: {{{}}}\nusers:\n- name: u\n  user: {{{}}}\n",
      context, cluster, user);
}
const std::string plain_cluster = "server: 'https://10.0.0.1:6443'";

TEST(Kubeconfig, ReadsTokenAndAuthorityData) {
  const TempFolder folder;
  const std::string path =
      folder.write("config", config(fmt::format("server: 'https://[fd00::1]:6443/', certificate-authority-data: {}, "
                                                "tls-server-name: kubernetes",
                                                encode_base64(pem)),
                                    "token: abc", "cluster: k, user: u, namespace: shop"));
  const auto read = read_kubeconfig({.paths = path, .context = {}});
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->server.url, "https://[fd00::1]:6443");
  EXPECT_EQ(read->server.authorities.bytes.reveal(), pem);
  EXPECT_EQ(read->server.tls_server_name, "kubernetes");
  EXPECT_EQ(read->server.trust, Trust::Verified);
  EXPECT_EQ(read->user.token.reveal(), "abc");
  EXPECT_EQ(read->ns, "shop");
  EXPECT_TRUE(read->warnings.empty());
}

TEST(Kubeconfig, PathsBeginAtTheirFile) {
  const TempFolder folder;
  folder.write("pki/ca.crt", pem);
  folder.write("pki/me.crt", pem);
  folder.write("pki/me.key", pem);
  const std::string path =
      folder.write("config", config(plain_cluster + ", certificate-authority: pki/ca.crt",
                                    "client-certificate: pki/me.crt, client-key: ./pki/me.key, tokenFile: token"));
  const auto read = read_kubeconfig({.paths = path, .context = {}});
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->server.authorities.path, folder.path() + "/pki/ca.crt");
  EXPECT_EQ(read->user.certificate.path, folder.path() + "/pki/me.crt");
  EXPECT_EQ(read->user.key.path, folder.path() + "/pki/me.key");
  EXPECT_EQ(read->user.token_file, folder.path() + "/token");
  EXPECT_EQ(read->ns, "default");
}

TEST(Kubeconfig, OfSeveralFilesTheFirstThatSaysItCounts) {
  const TempFolder folder;
  const std::string first = folder.write("a", "current-context: c\nusers:\n- name: u\n  user: {token: first}\n");
  const std::string second = folder.write("b", config(plain_cluster, "token: second"));
  const auto read = read_kubeconfig({.paths = folder.path() + "/none::" + first + ":" + second, .context = {}});
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->user.token.reveal(), "first");
  EXPECT_EQ(read->server.url, "https://10.0.0.1:6443");
}

TEST(Kubeconfig, TheContextCanBeChosen) {
  const TempFolder folder;
  const std::string path = folder.write("config", config(plain_cluster, "token: abc") + "---\n");
  EXPECT_TRUE(read_kubeconfig({.paths = path, .context = "c"}));
  const auto missing = read_kubeconfig({.paths = path, .context = "prod"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().context, path + ": there is no context \"prod\"; there are: \"c\"");
}

TEST(Kubeconfig, ReadsAnExecPlugin) {
  const TempFolder folder;
  const std::string path = folder.write(
      "config", config(plain_cluster,
                       "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, args: [a, 'b c'], "
                       "env: [{name: X, value: y}], provideClusterInfo: true, interactiveMode: Never, "
                       "installHint: get it}"));
  const auto read = read_kubeconfig({.paths = path, .context = {}});
  ASSERT_TRUE(read) << read.error().context;
  ASSERT_TRUE(read->user.exec);
  EXPECT_EQ(read->user.exec->command, folder.path() + "/login");
  EXPECT_EQ(read->user.exec->arguments, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(read->user.exec->environment, (std::vector<std::pair<std::string, std::string>>{{"X", "y"}}));
  EXPECT_TRUE(read->user.exec->provide_cluster_info);
  EXPECT_EQ(read->user.exec->install_hint, "get it");
}

TEST(Kubeconfig, WhoeverAnswersIsTrustedOnlyWithAWarning) {
  const TempFolder folder;
  const std::string path =
      folder.write("config", config(plain_cluster + ", insecure-skip-tls-verify: true", "token: abc"));
  const auto read = read_kubeconfig({.paths = path, .context = {}});
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->server.trust, Trust::Anyone);
  ASSERT_EQ(read->warnings.size(), 1U);
  EXPECT_NE(read->warnings[0].find(path + ":9:"), std::string::npos) << read->warnings[0];
}

struct Refusal {
  const char* cluster;
  const char* user;
  const char* says;  ///< behind the path of the file
};

TEST(Kubeconfig, WhatIsRefusedIsNamedWithItsPlaceAndTheWayOut) {
  const std::string ok = plain_cluster;
  const std::vector<Refusal> rows{
      {ok.c_str(), "username: me, password: secret",
       ":12:10: users[u].user.username is not supported: API servers take no passwords any more; use a token, a client "
       "certificate or an exec plugin"},
      {ok.c_str(), "password: secret", ":12:10: users[u].user.password is not supported"},
      {ok.c_str(), "auth-provider: {name: gcp}", "users[u].user.auth-provider is not supported: Kubernetes 1.26"},
      {ok.c_str(), "as: admin, token: secret", "users[u].user.as is not supported"},
      {ok.c_str(), "client-key-data: c2VjcmV0", "users[u].user.client-key-data holds no PEM block"},
      {ok.c_str(), "client-certificate-data: '%%%'", "users[u].user.client-certificate-data is not base64"},
      {ok.c_str(), "client-certificate: nowhere.crt", "names a file that is not usable"},
      {ok.c_str(), "exec: {command: x}", "users[u].user.exec.apiVersion is \"\"; use"},
      {ok.c_str(), "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}", "exec.apiVersion is"},
      {ok.c_str(), "exec: {apiVersion: client.authentication.k8s.io/v1}", "exec.command is missing"},
      {ok.c_str(), "exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}",
       "a controller has no terminal"},
      {"server: 'https://10.0.0.1', proxy-url: 'http://p'", "token: secret",
       ":9:41: clusters[k].cluster.proxy-url is not supported"},
      {"server: 'http://10.0.0.1:8080'", "token: secret", "clusters[k].cluster.server \"http://10.0.0.1:8080\" is not"},
      {"server: 'http://localhost.evil.test'", "token: secret", "is not https"},
      {"tls-server-name: x", "token: secret", "clusters[k].cluster.server is missing"},
      {"server: 'https://x', insecure-skip-tls-verify: maybe", "token: secret", "must be true or false"},
      {"server: 'https://x', certificate-authority: none.crt", "token: secret", "certificate-authority names a file"},
  };
  for (const Refusal& row : rows) {
    const TempFolder folder;
    const std::string path = folder.write("config", config(row.cluster, row.user));
    const auto read = read_kubeconfig({.paths = path, .context = {}});
    ASSERT_FALSE(read) << row.user;
    EXPECT_TRUE(read.error().context.starts_with(path + ":")) << read.error().context;
    EXPECT_NE(read.error().context.find(row.says), std::string::npos) << read.error().context << "\n  " << row.says;
    EXPECT_EQ(read.error().context.find("secret"), std::string::npos) << read.error().context;
  }
}

TEST(Kubeconfig, PlainHttpIsForThisHostAlone) {
  for (const char* url : {"http://127.0.0.1:8001", "http://localhost:8001/prefix", "http://[::1]:8001"}) {
    const TempFolder folder;
    EXPECT_TRUE(read_kubeconfig(
        {.paths = folder.write("config", config(fmt::format("server: '{}'", url), "token: abc")), .context = {}}))
        << url;
  }
}

TEST(Kubeconfig, AFileThatIsNoneSaysWhere) {
  const TempFolder folder;
  const std::string path = folder.write("config", "users:\n- name: u\n  user: {token: secret\n");
  const auto read = read_kubeconfig({.paths = path, .context = {}});
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().context.starts_with(path + ":")) << read.error().context;
  EXPECT_EQ(read.error().context.find("secret"), std::string::npos);
  EXPECT_FALSE(read_kubeconfig({.paths = folder.write("list", "- a\n"), .context = {}}));
  EXPECT_FALSE(read_kubeconfig({.paths = folder.write("empty", ""), .context = {}}));
  const auto gone = read_kubeconfig({.paths = folder.path() + "/gone", .context = {}});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::NoSuchFile);
  EXPECT_FALSE(read_kubeconfig({.paths = "", .context = {}}));
}

TEST(Kubeconfig, AFileCutAnywhereCrashesNobody) {
  const TempFolder folder;
  const std::string whole = config(plain_cluster, "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}");
  for (std::size_t length = 0; length < whole.size(); ++length)
    (void)read_kubeconfig({.paths = folder.write("config", whole.substr(0, length)), .context = {}});
}

TEST(Kubeconfig, IsChosenAsKubectlDoes) {
  EXPECT_EQ(choose_kubeconfig("flag", "env", "/users/me"), "flag");
  EXPECT_EQ(choose_kubeconfig("", "env:two", "/users/me"), "env:two");
  EXPECT_EQ(choose_kubeconfig("", "", "/users/me"), "/users/me/.kube/config");
  EXPECT_EQ(choose_kubeconfig("", "", ""), "");
}

TEST(InCluster, ReadsTheFilesOfAPod) {
  const TempFolder folder;
  folder.write("ca.crt", pem);
  folder.write("token", "abc");
  PodPlaces places{.host = "fd00::1", .port = "443", .folder = folder.path()};
  const auto read = read_in_cluster(places);
  ASSERT_TRUE(read) << read.error().context;
  EXPECT_EQ(read->server.url, "https://[fd00::1]:443");
  EXPECT_EQ(read->user.token_file, folder.path() + "/token");
  EXPECT_EQ(read->server.authorities.path, folder.path() + "/ca.crt");
  EXPECT_EQ(read->ns, "default");
  folder.write("namespace", "gateways\n");
  places.host = "10.96.0.1";
  EXPECT_EQ(read_in_cluster(places)->ns, "gateways");
  EXPECT_EQ(read_in_cluster(places)->server.url, "https://10.96.0.1:443");
}

TEST(InCluster, SaysWhatIsMissing) {
  const TempFolder folder;
  folder.write("ca.crt", pem);
  const auto read = read_in_cluster({.host = "10.96.0.1", .port = "443", .folder = folder.path()});
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().context.find("/token cannot be read"), std::string::npos) << read.error().context;
  EXPECT_NE(read.error().context.find("automountServiceAccountToken"), std::string::npos);
  EXPECT_FALSE(read_in_cluster({.host = "", .port = "", .folder = folder.path()}));
}

}  // namespace
}  // namespace pintle::kube
