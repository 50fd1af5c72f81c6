// Certificates from Secrets. The input is PEM: what stands before the first private key is tls.crt, the rest tls.key.
// Property: what read_certificate takes, the data plane's TLS takes (compile cannot fail, so nothing may come later);
// its names are fit to be compared with hosts; a refusal tells nothing of the key (req 58); through a manifest and
// base64 the same comes out. Any text in the place of the base64 is decoded or refused.
#include <algorithm>
#include <sstream>

#include <openssl/evp.h>

#include "controller/api/decode.hpp"
#include "controller/api/read.hpp"
#include "controller/resolve/certificates.hpp"
#include "dataplane/net/tls_context.hpp"
#include "test/fuzz/fuzz.hpp"

namespace pintle::fuzz {
namespace {

api::Secret make_secret(std::string_view chain, std::string_view key) {
  api::Secret secret;
  secret.metadata.ns = "default";
  secret.metadata.name = "fuzzed";
  secret.data.emplace("tls.crt", pintle::Secret(std::string(chain)));
  secret.data.emplace("tls.key", pintle::Secret(std::string(key)));
  return secret;
}

std::string to_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

/// nullptr if the manifest is refused.
api::Ptr<api::Secret> decode_secret(std::string_view chain, std::string_view key) {
  const std::string text =
      "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"fuzzed\", \"namespace\": "
      "\"default\"}, "
      "\"data\": {\"tls.crt\": \"" +
      std::string(chain) + "\", \"tls.key\": \"" + std::string(key) + "\"}}";
  std::vector<api::AnyObject> objects;
  std::vector<api::Finding> findings;
  api::read_json(
      {text, std::make_shared<const std::string>("secret.json")},
      [&](api::Document&& document) { api::decode_document(document, {}, objects, findings); }, findings);
  if (objects.size() != 1) return nullptr;
  const auto* secret = std::get_if<api::Ptr<api::Secret>>(&objects.front());
  return secret == nullptr ? nullptr : *secret;
}

void require_fit_names(const runtime::Certificate& certificate) {
  for (const std::string& name : certificate.dns_names) {
    require(!name.empty(), "no empty name");
    for (const char c : name)
      require(c > 0x20 && c < 0x7f && !(c >= 'A' && c <= 'Z'), "names are plain lower case", name);
  }
}

void require_silence(const std::string& fault, std::string_view key) {
  std::istringstream lines{std::string(key)};
  for (std::string line; std::getline(lines, line);)
    if (line.size() >= 16 && line.find(' ') == std::string::npos)  // no base64 of a key has blanks
      require(fault.find(line) == std::string::npos, "a refusal tells nothing of the key", fault);
}

void run(std::string_view input) {
  if (input.size() > 32 * 1024) return;
  std::size_t middle = input.find("PRIVATE KEY-----");
  if (middle != std::string_view::npos) middle = input.rfind("-----BEGIN", middle);
  const std::string_view chain = input.substr(0, std::min(middle, input.size()));
  const std::string_view key = input.substr(chain.size());

  const resolve::CertificateResult read = resolve::read_certificate(make_secret(chain, key));
  if (read) {
    const auto context = net::TlsContext::make(read->get());
    require(context.has_value(), "what is read can be served", context ? "" : context.error().context);
    require_fit_names(**read);
  } else {
    require(!read.error().empty(), "a refusal says why");
    require_silence(read.error(), key);
  }
  const api::Ptr<api::Secret> decoded = decode_secret(to_base64(chain), to_base64(key));
  require(decoded != nullptr && decoded->data == make_secret(chain, key).data, "base64 gives the bytes back");
  const resolve::CertificateResult again = resolve::read_certificate(*decoded);
  require(again.has_value() == read.has_value(), "the same comes out");
  if (read) require((*again)->fingerprint == (*read)->fingerprint, "with the same fingerprint");

  std::string text(input.substr(0, 256));
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c > 0x7e || c == '"' || c == '\\'; }, '=');
  if (const api::Ptr<api::Secret> any = decode_secret(text, "")) static_cast<void>(resolve::read_certificate(*any));
}

}  // namespace
}  // namespace pintle::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::fuzz::run(pintle::fuzz::as_text(data, size));
  return 0;
}
