// One request as libcurl carries it out, and its reports. Private to this module.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

#include "controller/kube/api.hpp"
#include "controller/kube/client.hpp"
#include "controller/kube/credentials.hpp"
#include "controller/kube/curl_loop.hpp"
#include "controller/kube/line_splitter.hpp"

namespace pintle::kube {

/// What all requests of a client share.
struct ClientContext {
  Server server;
  std::string host;  ///< of the URL, with its port: what the Host field says
  ClientLimits limits;
  std::function<void()> on_unauthorized;
};

class Transfer final : public CurlLoop::Transfer, public std::enable_shared_from_this<Transfer> {
 public:
  struct Reports {
    std::function<void(Result<Response>)> done;  ///< of either
    std::function<void()> on_open;
    std::function<void(std::string_view)> on_line;  ///< empty: no stream
  };
  Transfer(boost::asio::io_context& io, std::shared_ptr<CurlLoop> loop, std::shared_ptr<const ClientContext> context,
           Request request, Reports reports);
  ~Transfer() override;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// False: there is no memory for it.
  [[nodiscard]] bool start(std::shared_ptr<const Identity> identity);
  /// Nothing is reported from here on.
  void stop() noexcept;
  void finish(Result<Response> result);

  void on_news() override;
  void on_done(CURLcode result) override;

 private:
  static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
  [[nodiscard]] bool take(std::string_view bytes);
  void set_options();
  void set_tls();
  void set_method();
  void add_field(const std::string& line);
  void watch_silence();
  [[nodiscard]] bool is_stream() const noexcept { return reports_.on_line != nullptr; }
  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] Error error_of(CURLcode result) const;

  std::shared_ptr<CurlLoop> loop_;
  std::shared_ptr<const ClientContext> context_;
  Request request_;
  Reports reports_;
  std::shared_ptr<const Identity> identity_;
  CURL* easy_ = nullptr;
  curl_slist* fields_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> trouble_{};
  boost::asio::steady_timer silence_;
  Monotonic heard_{};
  std::string body_;
  LineSplitter splitter_;
  std::vector<std::string> lines_;
  bool opened_ = false;
  bool told_open_ = false;
  bool too_large_ = false;
  bool silent_ = false;
};

}  // namespace pintle::kube
