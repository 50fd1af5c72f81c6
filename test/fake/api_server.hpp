// An HTTP/1.1 server on 127.0.0.1 that answers as a script says, byte by byte: for faults a real API server cannot be
// made to show. Runs on the io_context of the test; the port is chosen by the system.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "test/fake/certificates.hpp"

namespace boost::asio {
class io_context;
}

namespace pintle::fake {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> fields;  ///< names in lower case
  std::string body;
  std::string client;       ///< common name of the client's certificate
  std::string server_name;  ///< SNI
};

struct Reply {
  enum class Then : std::uint8_t {
    Next,  ///< reads the next request
    Hold,  ///< stays open: say() and cut() go on
    Close,
    Reset
  };
  std::string bytes;  ///< as they go over the wire
  Then then = Then::Next;
};
/// A whole response with Content-Length.
[[nodiscard]] Reply reply(int status, std::string_view body, std::string_view more_fields = {});
/// The head of a chunked response that goes on by say().
[[nodiscard]] Reply stream_head();
[[nodiscard]] std::string chunk(std::string_view bytes);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";
[[nodiscard]] std::string gzip_of_hello();

struct ServerTls {
  SignedPem identity;
  std::string client_authority;  ///< PEM; empty: no client certificate is asked for
};

class ApiServer {
 public:
  using Script = std::function<Reply(const SeenRequest&)>;
  ApiServer(boost::asio::io_context& io, Script script, const ServerTls* tls = nullptr);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;
  [[nodiscard]] std::string url() const;  ///< with 127.0.0.1
  [[nodiscard]] const std::vector<SeenRequest>& seen() const noexcept;
  [[nodiscard]] std::size_t connections() const noexcept;
  /// Bytes on the connection held last.
  void say(std::string bytes);
  /// Ends that connection.
  void cut(Reply::Then how);
  /// Refuses connections from now on, and ends those there are.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pintle::fake
