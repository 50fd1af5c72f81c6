#include "controller/resolve/certificates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/unit/controller/resolve/world.hpp"

namespace pintle::resolve {
namespace {

using ::testing::ElementsAre;

/// The Secrets that the golden cases use too.
std::string certificates_yaml() { return testing::read_text("test/golden/certificates.yaml"); }

TEST(Certificates, FactsOfAGoodOne) {
  testing::World world;
  const store::ClusterSnapshot snapshot = world.apply(certificates_yaml()).snapshot();
  const CertificateResult made = read_certificate(*snapshot.find<api::Secret>("default", "wild"));
  ASSERT_TRUE(made.has_value()) << made.error();
  EXPECT_EQ((*made)->source, "default/wild");
  EXPECT_THAT((*made)->dns_names, ElementsAre("*.example.com", "example.com"));
  EXPECT_EQ((*made)->serial, "02");
  EXPECT_GT((*made)->not_after, 4'000'000'000);  // a hundred years
  EXPECT_NE((*made)->fingerprint, (*read_certificate(*snapshot.find<api::Secret>("default", "good")))->fingerprint);
  EXPECT_TRUE((*made)->chain_pem.starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST(Certificates, EachWayToBeWrong) {
  testing::World world;
  const store::ClusterSnapshot snapshot = world.apply(certificates_yaml()).snapshot();
  const struct {
    std::string_view secret;
    std::string_view fault;
  } rows[] = {
      {"garbage", "not a chain"}, {"half", "not a chain"},   {"mismatch", "not the key of"},
      {"weak", "too weak"},       {"locked", "pass phrase"}, {"no-key", "no tls.key"},
  };
  for (const auto& row : rows) {
    const CertificateResult made = read_certificate(*snapshot.find<api::Secret>("default", row.secret));
    ASSERT_FALSE(made.has_value()) << row.secret;
    EXPECT_THAT(made.error(), ::testing::HasSubstr(std::string(row.fault))) << row.secret;
    EXPECT_THAT(made.error(), ::testing::Not(::testing::HasSubstr("BEGIN"))) << "nothing of the Secret is shown";
  }
}

/// The Secrets, but with `to` in place of `from`.
std::string rename(std::string_view from, std::string_view to, std::string yaml = certificates_yaml()) {
  return yaml.replace(yaml.find(from), from.size(), to);
}

TEST(Certificates, TheShelfKeepsPointersOfEqualContent) {
  testing::World world;
  CertificateShelf shelf;
  const CertificatePtr first = shelf.find(world.apply(certificates_yaml()).snapshot(), "default", "good")->certificate;
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(shelf.find(world.snapshot(), "default", "missing"), nullptr);
  shelf.sweep();

  // Another object with the same bytes.
  world.apply(rename("{name: good,", "{name: good, labels: {a: b},"));
  EXPECT_EQ(shelf.find(world.snapshot(), "default", "good")->certificate, first);
  shelf.sweep();
  // Other bytes under the same name.
  world.apply(rename("{name: wild,", "{name: good,", rename("{name: good,", "{name: was,")));
  EXPECT_NE(shelf.find(world.snapshot(), "default", "good")->certificate, first);
  // Gone.
  world.remove(api::Kind::Secret, "default", "good");
  EXPECT_EQ(shelf.find(world.snapshot(), "default", "good"), nullptr);
}

/// A bad new Secret leaves the old certificate in use, and the status says so (req 57).
TEST(Certificates, ABadRotationIsNoOutage) {
  testing::World world;
  world.apply(testing::base_yaml()).apply(certificates_yaml()).apply(R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: tls, namespace: default}
spec:
  gatewayClassName: pintle
  addresses: [{value: 127.0.0.9}]
  listeners:
  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: good}]}}
)");
  const auto certificates_of = [](const Resolution& made) {
    for (const ResolvedGateway& gateway : made.model.gateways)
      if (gateway.name == "tls") return gateway.listeners.at(0).certificates;
    return std::vector<CertificatePtr>();
  };
  const Resolution good = world.resolve();
  ASSERT_EQ(certificates_of(good).size(), 1U);
  EXPECT_TRUE(testing::find_listener(good, "tls", "https").resolved_refs.empty());

  world.apply(rename("{name: mismatch,", "{name: good,", rename("{name: good,", "{name: was,")));
  const Resolution bad = world.resolve();
  EXPECT_EQ(certificates_of(bad), certificates_of(good));
  const ListenerReport& listener = testing::find_listener(bad, "tls", "https");
  EXPECT_TRUE(listener.served);
  ASSERT_EQ(testing::reasons_of(listener.resolved_refs), "InvalidCertificateRef");
  EXPECT_THAT(listener.resolved_refs.front().message, ::testing::HasSubstr("stays in use"));

  // A fresh start has nothing to keep.
  EXPECT_TRUE(certificates_of(world.resolve_fresh()).empty());
  // A Secret that is gone is no slip: its certificate goes with it.
  world.remove(api::Kind::Secret, "default", "good");
  EXPECT_TRUE(certificates_of(world.resolve()).empty());
  // A good one is taken at once.
  world.apply(rename("{name: wild,", "{name: good,", rename("{name: good,", "{name: was,")));
  const Resolution repaired = world.resolve();
  ASSERT_EQ(certificates_of(repaired).size(), 1U);
  EXPECT_THAT(certificates_of(repaired).front()->dns_names, ElementsAre("*.example.com", "example.com"));
}

}  // namespace
}  // namespace pintle::resolve
