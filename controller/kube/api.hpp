// The Kubernetes API as the controller uses it: requests and watch streams, behind one interface that a test can play.
//  - guarantees: each call reports exactly once at its end, never from inside the function that started it, and never
//    after its Call is gone; redirects are not followed; credentials never stand in an Error's context.
//  - leaves to others: what a status code means for an object (source, status, infra), when to try again.
//  - threads: the control thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/error.hpp>

namespace pintle::kube {

enum class Method : std::uint8_t { Get, Post, Put, Patch, Delete };
/// Content types of a body.
inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view merge_patch_type = "application/merge-patch+json";
/// What an answer may be: the metadata of each object alone, of a list and of a watch.
inline constexpr std::string_view metadata_list_type =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
inline constexpr std::string_view metadata_type = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

struct Request {
  Method method = Method::Get;
  std::string path;   ///< from the root, escaped: "/api/v1/namespaces/default/services/shop"
  std::string query;  ///< without '?', escaped; may be empty
  std::string body;
  std::string_view content_type = json_type;  ///< of the body
  std::string_view accept = json_type;        ///< of the answer
  Millis timeout{30'000};                     ///< of the whole request; of a stream: of silence
};

/// Any answer with a status line, 4xx and 5xx too: only what brought no answer is an Error.
struct Response {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;  ///< Retry-After of 429 and 503, in seconds
};

/// A request under way; letting go of it ends it without a report. Empty: none.
class Call {
 public:
  struct Pending {
    virtual ~Pending() = default;  ///< ends the request
  };
  Call() = default;
  explicit Call(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}
  void cancel() noexcept { pending_.reset(); }
  [[nodiscard]] bool is_pending() const noexcept { return pending_ != nullptr; }

 private:
  std::unique_ptr<Pending> pending_;
};

/// A watch: the lines of a 200 one by one (each one JSON value, the line end left out), then its end. A last line that
/// was cut off is dropped.
struct StreamEvents {
  std::function<void()> on_open = {};  ///< the server took it: a 200 is here, perhaps no line yet; may be empty
  std::function<void(std::string_view line)> on_line;
  /// A Response when the server ended it: status 200 after lines, else the answer that refused it with its body. An
  /// Error when the connection broke or was silent for too long.
  std::function<void(Result<Response>)> on_end;
};

class Api {
 public:
  virtual ~Api() = default;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  [[nodiscard]] virtual Call send(Request request, std::function<void(Result<Response>)> done) = 0;
  [[nodiscard]] virtual Call stream(Request request, StreamEvents events) = 0;

 protected:
  Api() = default;
};

}  // namespace pintle::kube
