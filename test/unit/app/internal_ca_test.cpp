#include "src/app/internal_ca.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "dataplane/net/tls_context.hpp"
#include "src/app/ca_issue.hpp"

namespace pintle::app {
namespace {

using std::chrono::days;
using testing::HasSubstr;
namespace fs = std::filesystem;

class InternalCaTest : public testing::Test {
 protected:
  InternalCaTest() {
    std::string name = (fs::temp_directory_path() / "pintle-ca-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    state_ = folder_ + "/state/pintle";
  }
  ~InternalCaTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::unique_ptr<InternalCa> open_ca() {
    auto opened = InternalCa::open(state_, now_);
    EXPECT_TRUE(opened.has_value()) << opened.error().context;
    return opened ? std::move(*opened) : nullptr;
  }
  [[nodiscard]] std::string open_error() {
    auto opened = InternalCa::open(state_, now_);
    EXPECT_FALSE(opened.has_value());
    return opened ? std::string() : opened.error().context;
  }
  [[nodiscard]] static std::string read(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  [[nodiscard]] static unsigned mode_of(const std::string& path) {
    struct stat facts{};
    return stat(path.c_str(), &facts) == 0 ? facts.st_mode & 07777U : 0;
  }
  /// As a TLS client judges it: chain and purpose, then the name.
  [[nodiscard]] bool client_accepts(const runtime::Certificate& certificate, const char* host) {
    const CertificatePtr leaf = read_certificate(certificate.chain_pem);
    const CertificatePtr ca = read_certificate(read(state_ + "/ca.crt"));
    X509_STORE* store = X509_STORE_new();
    X509_STORE_add_cert(store, ca.get());
    X509_STORE_CTX* context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, leaf.get(), nullptr);
    X509_STORE_CTX_set_default(context, "ssl_server");
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, now_.time_since_epoch().count());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    const bool chain = X509_verify_cert(context) == 1;
    if (!chain) ADD_FAILURE() << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return chain &&
           (X509_check_host(leaf.get(), host, 0, 0, nullptr) == 1 || X509_check_ip_asc(leaf.get(), host, 0) == 1);
  }

  std::string folder_;
  std::string state_;
  Wall now_ = wall_now();
};

TEST_F(InternalCaTest, IsMadeOnceWithItsModesAndKept) {
  ASSERT_NE(open_ca(), nullptr);
  const std::string certificate = read(state_ + "/ca.crt");
  const std::string key = read(state_ + "/ca.key");
  EXPECT_EQ(mode_of(state_ + "/ca.crt"), 0644U);
  EXPECT_EQ(mode_of(state_ + "/ca.key"), 0600U);
  ASSERT_NE(open_ca(), nullptr);
  EXPECT_EQ(read(state_ + "/ca.crt"), certificate);
  EXPECT_EQ(read(state_ + "/ca.key"), key);
  EXPECT_EQ(std::distance(fs::directory_iterator(state_), fs::directory_iterator()), 2) << "nothing is left behind";
}

TEST_F(InternalCaTest, ClientsAcceptWhatItSigns) {
  const auto ca = open_ca();
  ca->set_route_hosts({"shop.localhost", "a.b.example.com", "x.example.com", "other.test"});
  const auto any = ca->certificate_for("*", now_);
  for (const char* host : {"localhost", "127.0.0.1", "::1", "shop.localhost", "other.test"})
    EXPECT_TRUE(client_accepts(*any, host)) << host;
  EXPECT_FALSE(client_accepts(*any, "unknown.test"));
  const auto local = ca->certificate_for("*.localhost", now_);
  EXPECT_TRUE(client_accepts(*local, "shop.localhost"));
  EXPECT_THAT(local->dns_names, testing::ElementsAre("*.localhost", "shop.localhost"));
  const auto wildcard = ca->certificate_for("*.example.com", now_);
  EXPECT_THAT(wildcard->dns_names, testing::ElementsAre("*.example.com", "a.b.example.com")) << "x is covered already";
  EXPECT_TRUE(client_accepts(*wildcard, "x.example.com"));
  EXPECT_TRUE(client_accepts(*ca->certificate_for("one.test", now_), "one.test"));
  EXPECT_EQ(any->source, "internal");
  EXPECT_TRUE(net::TlsContext::make(any.get()).has_value()) << "the data plane takes it";
}

TEST_F(InternalCaTest, ACertificateStaysUntilItsNamesOrItsTimeChange) {
  const auto ca = open_ca();
  const auto first = ca->certificate_for("*.localhost", now_);
  EXPECT_EQ(ca->certificate_for("*.localhost", now_ + days(59)), first);
  EXPECT_EQ(Wall(std::chrono::seconds(first->not_after)), now_ + days(90));
  const auto renewed = ca->certificate_for("*.localhost", now_ + days(61));
  EXPECT_NE(renewed, first);
  EXPECT_EQ(Wall(std::chrono::seconds(renewed->not_after)), now_ + days(151));
  ca->set_route_hosts({"new.localhost"});
  EXPECT_NE(ca->certificate_for("*.localhost", now_ + days(61)), renewed);
}

TEST_F(InternalCaTest, NoCertificateOutlivesTheCa) {
  const auto ca = open_ca();
  const Wall late = now_ + days(3640);
  const auto last = ca->certificate_for("a.test", late);
  EXPECT_EQ(Wall(std::chrono::seconds(last->not_after)), now_ + days(3650));
  EXPECT_EQ(ca->certificate_for("a.test", late + days(1)), last) << "not a new one at each call";
}

TEST_F(InternalCaTest, ForeignAndBrokenFilesAreNamedAndLeftAlone) {
  fs::create_directories(state_);
  std::ofstream(state_ + "/ca.crt") << "mine";
  EXPECT_THAT(open_error(), HasSubstr("has ca.crt without ca.key"));
  std::ofstream(state_ + "/ca.key") << "mine too";
  EXPECT_THAT(open_error(), HasSubstr(state_ + "/ca.key can be read by others"));
  fs::permissions(state_ + "/ca.key", fs::perms::owner_read);
  EXPECT_THAT(open_error(), HasSubstr("ca.crt that is no PEM certificate"));
  EXPECT_EQ(read(state_ + "/ca.crt"), "mine");
  EXPECT_EQ(read(state_ + "/ca.key"), "mine too");
}

TEST_F(InternalCaTest, TwoHalvesOfTwoCasAreRefused) {
  ASSERT_NE(open_ca(), nullptr);
  fs::rename(state_ + "/ca.crt", folder_ + "/ca.crt");
  fs::remove(state_ + "/ca.key");
  ASSERT_NE(open_ca(), nullptr);
  fs::rename(folder_ + "/ca.crt", state_ + "/ca.crt");
  EXPECT_THAT(open_error(), HasSubstr("do not belong together"));
}

TEST_F(InternalCaTest, AnEndedCaSaysSo) {
  ASSERT_NE(open_ca(), nullptr);
  now_ += days(3651);
  EXPECT_THAT(open_error(), testing::AllOf(HasSubstr("ended "), HasSubstr("remove ca.crt and ca.key")));
}

TEST_F(InternalCaTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_ + "/state") << "a file";
  EXPECT_THAT(open_error(), testing::AllOf(HasSubstr(state_), HasSubstr("--state-dir")));
}

TEST(StateDir, IsTheFlagThenXdgThenHome) {
  const char* home = std::getenv("HOME");
  const std::string kept = home == nullptr ? "" : home;
  setenv("HOME", "/people/me", 1);
  setenv("XDG_STATE_HOME", "/state", 1);
  EXPECT_EQ(choose_state_dir("/flag").value(), "/flag");
  EXPECT_EQ(choose_state_dir("").value(), "/state/pintle");
  setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(choose_state_dir("").value(), "/people/me/.local/state/pintle");
  unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(choose_state_dir("").value(), "/people/me/.local/state/pintle");
  setenv("HOME", kept.c_str(), 1);
}

}  // namespace
}  // namespace pintle::app
