// libcurl's multi interface on an io_context: its sockets and its one timer, and nothing of HTTP. Private to this
// module.
//  - guarantees: reports are made from the event loop, never from inside add(); one whose transfer was removed is not
//    made.
//  - threads: the control thread.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <curl/curl.h>

namespace pintle::kube {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  /// Told after libcurl has worked; may add and remove transfers, and end the loop.
  struct Transfer {
    virtual ~Transfer() = default;
    /// Bytes have come.
    virtual void on_news() = 0;
    virtual void on_done(CURLcode result) = 0;
  };

  explicit CurlLoop(boost::asio::io_context& io);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  void add(CURL* easy, std::weak_ptr<Transfer> transfer);
  void remove(CURL* easy) noexcept;
  /// From inside a callback of libcurl: the transfer has news for when libcurl is done.
  void note_news(CURL* easy);

 private:
  struct Socket;

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* unused);
  static int on_timer(CURLM* multi, long delay_ms, void* self);
  void follow(curl_socket_t socket, int what);
  void wait(const std::shared_ptr<Socket>& socket, boost::asio::posix::stream_descriptor::wait_type type);
  void work(curl_socket_t socket, int events);
  void deliver();
  void deliver_news();
  [[nodiscard]] bool deliver_one_end();

  boost::asio::io_context& io_;
  CURLM* multi_;
  boost::asio::steady_timer timer_;
  std::map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
  std::map<CURL*, std::weak_ptr<Transfer>> transfers_;
  std::vector<CURL*> news_;
};

}  // namespace pintle::kube
