#include "controller/kube/credentials.hpp"

#include <optional>
#include <utility>

#include "controller/kube/exec_credentials.hpp"
#include "controller/kube/small_file.hpp"

namespace pintle::kube {
namespace {

class FixedCredentials final : public Credentials {
 public:
  explicit FixedCredentials(User user) {
    auto identity = std::make_shared<Identity>();
    identity->token = std::move(user.token);
    identity->certificate = std::move(user.certificate);
    identity->key = std::move(user.key);
    identity_ = std::move(identity);
  }
  void get(Done done) override { done(identity_); }
  void refused() override {}

 private:
  std::shared_ptr<const Identity> identity_;
};

class FileCredentials final : public Credentials {
 public:
  FileCredentials(Clock& clock, User user) : clock_(clock), user_(std::move(user)) {}

  void get(Done done) override {
    if (!read_at_ || clock_.now() - *read_at_ >= longest_trust) read();
    if (identity_) return done(identity_);
    done(std::unexpected(*fault_));
  }
  void refused() override { read_at_.reset(); }

 private:
  static constexpr std::chrono::seconds longest_trust{10};

  /// A file that cannot be read just now leaves the token of before in use: the kubelet replaces it by renaming.
  void read() {
    read_at_ = clock_.now();
    auto bytes = read_small_file(user_.token_file);
    if (!bytes) {
      fault_ = std::move(bytes.error());
      return;
    }
    while (!bytes->empty() && (bytes->back() == '\n' || bytes->back() == '\r' || bytes->back() == ' '))
      bytes->pop_back();
    auto identity = std::make_shared<Identity>();
    identity->token = Secret(std::move(*bytes));
    if (identity->token.empty()) {
      fault_ = Error{.code = ErrorCode::InvalidArgument, .context = user_.token_file + " holds no token"};
      return;
    }
    identity->certificate = {.path = user_.certificate.path,
                             .bytes = Secret(std::string(user_.certificate.bytes.reveal()))};
    identity->key = {.path = user_.key.path, .bytes = Secret(std::string(user_.key.bytes.reveal()))};
    identity_ = std::move(identity);
  }

  Clock& clock_;
  User user_;
  std::optional<Monotonic> read_at_;
  std::shared_ptr<const Identity> identity_;
  std::optional<Error> fault_;
};

}  // namespace

std::unique_ptr<Credentials> make_credentials(boost::asio::io_context& io, Clock& clock, User user,
                                              const Server& server) {
  if (user.token.empty() && !user.token_file.empty()) return std::make_unique<FileCredentials>(clock, std::move(user));
  if (user.token.empty() && user.exec) return make_exec_credentials(io, std::move(*user.exec), server);
  return std::make_unique<FixedCredentials>(std::move(user));
}

}  // namespace pintle::kube
