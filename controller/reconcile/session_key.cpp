#include "controller/reconcile/session_key.hpp"

#include <optional>
#include <sys/random.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "controller/kube/base64.hpp"
#include "controller/kube/resource.hpp"
#include "controller/kube/write_queue.hpp"

namespace pintle::reconcile {
namespace {

using nlohmann::json;

constexpr std::string_view entry = "key";

/// What the Secret holds, and which version of it that is.
struct Held {
  std::string key;  ///< in Base64
  std::string version;
};

std::string text_at(const json& object, std::string_view section, std::string_view name) {
  const auto part = object.find(section);
  if (part == object.end() || !part->is_object()) return {};
  const auto found = part->find(name);
  return found != part->end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<Held> read_secret(const std::string& body) {
  const json object = json::parse(body, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  return Held{.key = text_at(object, "data", entry), .version = text_at(object, "metadata", "resourceVersion")};
}

}  // namespace

Secret make_session_key() {
  std::string bytes(32, '\0');
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  Secret key(kube::encode_base64(bytes));
  const Secret wiped(std::move(bytes));
  return key;
}

struct SessionKey::State {
  State(Settings given, Ports wired) : settings(std::move(given)), ports(std::move(wired)) {}

  [[nodiscard]] std::string path() const {
    return kube::object_path(kube::resource_of(api::Kind::Secret), settings.ns, settings.name);
  }

  void read() {
    kube::Request request;
    request.path = path();
    call = ports.api.send(std::move(request), [this](const Result<kube::Response>& answer) { on_secret(answer); });
  }

  void on_secret(const Result<kube::Response>& answer) {
    std::optional<Held> held;
    if (answer && answer->status == 200) held = read_secret(answer->body);
    if (!held) return fail(answer, "be read");
    if (held->key.empty()) return fill(held->version);
    key = std::make_shared<const Secret>(std::move(held->key));
    ports.on_key();
  }

  /// Only over the version that had none.
  void fill(const std::string& version) {
    const Secret made = make_session_key();
    kube::Request request;
    request.method = kube::Method::Patch;
    request.path = path();
    request.content_type = kube::merge_patch_type;
    request.body = json{{"metadata", {{"resourceVersion", version}}}, {"data", {{entry, made.reveal()}}}}.dump();
    call = ports.api.send(std::move(request), [this](const Result<kube::Response>& answer) {
      const bool settled = answer && (answer->status == 409 || (answer->status >= 200 && answer->status < 300));
      if (!settled) return fail(answer, "be written");
      again = ports.clock.after(Millis(0), [this] { read(); });
    });
  }

  void fail(const Result<kube::Response>& answer, std::string_view what) {
    const std::string cause =
        answer ? fmt::format("the API server answered {}: {}", answer->status, kube::failure_message(*answer))
               : answer.error().context;
    std::string words =
        fmt::format("the Secret {}/{} cannot {}, so no session is kept: {}", settings.ns, settings.name, what, cause);
    if (words != said) ports.on_failure(words);
    said = std::move(words);
    again = ports.clock.after(settings.retry, [this] { read(); });
  }

  Settings settings;
  Ports ports;
  std::shared_ptr<const Secret> key;
  std::string said;
  kube::Call call;
  kube::Alarm again;
};

SessionKey::SessionKey(Settings settings, Ports ports)
    : state_(std::make_unique<State>(std::move(settings), std::move(ports))) {}
SessionKey::~SessionKey() = default;

void SessionKey::start() { state_->read(); }
const std::shared_ptr<const Secret>& SessionKey::key() const noexcept { return state_->key; }

}  // namespace pintle::reconcile
