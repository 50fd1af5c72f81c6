#include "controller/kube/curl_loop.hpp"

#include <utility>
#include <vector>

#include "controller/kube/curl.hpp"

namespace pintle::kube {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

/// A socket of libcurl's: watched here, opened and closed there.
struct CurlLoop::Socket {
  Socket(asio::io_context& io, curl_socket_t number) : descriptor(io) {
    boost::system::error_code fault;  // none that the request's own time limit would not end
    descriptor.assign(number, fault);
  }
  ~Socket() { let_go(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// At once, however long a wait holds this: the number may come again with the next socket libcurl opens.
  void let_go() {
    if (descriptor.is_open()) descriptor.release();
    wanted = CURL_POLL_NONE;
  }

  Descriptor descriptor;
  int wanted = CURL_POLL_NONE;
  bool reading = false;  ///< a wait is under way
  bool writing = false;
};

CurlLoop::CurlLoop(asio::io_context& io) : io_(io), multi_(curl().multi_init()), timer_(io) {
  curl().multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl().multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl().multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl().multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
}

CurlLoop::~CurlLoop() {
  for (const auto& [easy, transfer] : transfers_) curl().multi_remove_handle(multi_, easy);
  curl().multi_cleanup(multi_);
}

void CurlLoop::add(CURL* easy, std::weak_ptr<Transfer> transfer) {
  transfers_.emplace(easy, std::move(transfer));
  curl().multi_add_handle(multi_, easy);  // asks for the timer, from which the work begins
}

void CurlLoop::remove(CURL* easy) noexcept {
  if (transfers_.erase(easy) > 0) curl().multi_remove_handle(multi_, easy);
}

void CurlLoop::note_news(CURL* easy) { news_.push_back(easy); }

int CurlLoop::on_socket(CURL* /*easy*/, curl_socket_t socket, int what, void* self, void* /*unused*/) {
  static_cast<CurlLoop*>(self)->follow(socket, what);
  return 0;
}

int CurlLoop::on_timer(CURLM* /*multi*/, long delay_ms, void* data) {
  auto* self = static_cast<CurlLoop*>(data);
  self->timer_.cancel();
  if (delay_ms < 0) return 0;
  self->timer_.expires_after(std::chrono::milliseconds(delay_ms));
  self->timer_.async_wait([weak = self->weak_from_this()](const boost::system::error_code& fault) {
    if (const auto held = weak.lock(); held && !fault) held->work(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void CurlLoop::follow(curl_socket_t number, int what) {
  if (what == CURL_POLL_REMOVE) {
    if (const auto socket = sockets_.extract(number)) socket.mapped()->let_go();
    return;
  }
  std::shared_ptr<Socket>& socket = sockets_[number];
  if (!socket) socket = std::make_shared<Socket>(io_, number);
  socket->wanted = what;
  if ((what & CURL_POLL_IN) != 0) wait(socket, Descriptor::wait_read);
  if ((what & CURL_POLL_OUT) != 0) wait(socket, Descriptor::wait_write);
}

void CurlLoop::wait(const std::shared_ptr<Socket>& socket, Descriptor::wait_type type) {
  const bool reads = type == Descriptor::wait_read;
  bool& under_way = reads ? socket->reading : socket->writing;
  if (std::exchange(under_way, true)) return;
  socket->descriptor.async_wait(type, [weak = weak_from_this(), watched = std::weak_ptr(socket), type,
                                       reads](const boost::system::error_code& fault) {
    const auto self = weak.lock();
    const auto held = watched.lock();
    if (!self || !held || fault) return;
    (reads ? held->reading : held->writing) = false;
    if ((held->wanted & (reads ? CURL_POLL_IN : CURL_POLL_OUT)) == 0) return;
    const curl_socket_t number = held->descriptor.native_handle();
    self->work(number, reads ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
    // libcurl says only what changes: still wanted, it is waited for again.
    const auto now = self->sockets_.find(number);
    if (now != self->sockets_.end() && now->second == held &&
        (held->wanted & (reads ? CURL_POLL_IN : CURL_POLL_OUT)) != 0)
      self->wait(held, type);
  });
}

void CurlLoop::work(curl_socket_t socket, int events) {
  int running = 0;
  curl().multi_socket_action(multi_, socket, events, &running);
  deliver();
}

/// libcurl may not be called from its own callbacks, so what they brought is told only now.
void CurlLoop::deliver() {
  const auto alive = shared_from_this();
  do {
    deliver_news();
  } while (deliver_one_end());
}

void CurlLoop::deliver_news() {
  for (CURL* easy : std::exchange(news_, {})) {
    const auto found = transfers_.find(easy);
    if (found == transfers_.end()) continue;
    if (const auto transfer = found->second.lock()) transfer->on_news();
  }
}

bool CurlLoop::deliver_one_end() {
  int left = 0;
  CURLMsg* message = nullptr;
  do {
    message = curl().multi_info_read(multi_, &left);
    if (message == nullptr) return false;
  } while (message->msg != CURLMSG_DONE);
  CURL* easy = message->easy_handle;
  const CURLcode result = message->data.result;
  const auto found = transfers_.find(easy);
  const auto transfer = found == transfers_.end() ? nullptr : found->second.lock();
  remove(easy);
  if (transfer) transfer->on_done(result);
  return true;
}

}  // namespace pintle::kube
