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

TEST(Certificates, TheShelfKeepsPointersOfEqualContent) {
  testing::World world;
  CertificateShelf shelf;
  world.apply(certificates_yaml());
  const CertificatePtr first = **shelf.find(world.snapshot(), "default", "good");
  EXPECT_EQ(shelf.find(world.snapshot(), "default", "missing"), nullptr);
  shelf.sweep();

  // Another object with the same bytes.
  std::string labelled = certificates_yaml();
  labelled.replace(labelled.find("{name: good,"), 12, "{name: good, labels: {a: b},");
  world.apply(labelled);
  EXPECT_EQ(**shelf.find(world.snapshot(), "default", "good"), first);
  shelf.sweep();

  // Other bytes under the same name.
  std::string swapped = certificates_yaml();
  swapped.replace(swapped.find("{name: good,"), 12, "{name: was,");
  swapped.replace(swapped.find("{name: wild,"), 12, "{name: good,");
  world.apply(swapped);
  EXPECT_NE(**shelf.find(world.snapshot(), "default", "good"), first);
  // Gone.
  world.remove(api::Kind::Secret, "default", "good");
  EXPECT_EQ(shelf.find(world.snapshot(), "default", "good"), nullptr);
}

}  // namespace
}  // namespace pintle::resolve
