// Manifests as objects, for tests of controller/api.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"

namespace pintle::api::test {

/// The documents of a YAML text that reads without a fault.
inline std::vector<Document> read_documents(std::string_view text) {
  std::vector<Document> documents;
  std::vector<Finding> findings;
  EXPECT_TRUE(read_yaml(
      {text, std::make_shared<const std::string>("f"), {}},
      [&](Document&& one) { documents.push_back(std::move(one)); }, findings))
      << (findings.empty() ? "" : format_finding(findings.front()));
  return documents;
}

struct Decoded {
  std::optional<AnyObject> object;
  std::vector<Finding> findings;
};
inline Decoded decode(const Value& value, DecodeMode mode) {
  Decoded made;
  made.object = decode_object(value, mode, made.findings);
  return made;
}
/// The one object of a text that is sound in every way; an informational
/// finding is none.
inline AnyObject decode_sound(std::string_view text) {
  const std::vector<Document> documents = read_documents(text);
  Decoded made = decode(documents.at(0).root, DecodeMode::Strict);
  for (const Finding& one : made.findings) EXPECT_EQ(one.severity, Severity::Info) << format_finding(one);
  return made.object.value();
}
template <class T>
const T& as(const AnyObject& object) {
  return *std::get<Ptr<T>>(object);
}

/// A manifest of each kind, nearly every field of it given.
extern const std::vector<std::string_view> full_manifests;

}  // namespace pintle::api::test
