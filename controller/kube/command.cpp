#include "controller/kube/command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <optional>
#include <spawn.h>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

extern "C" {
#include <sys/pidfd.h>  // glibc 2.36 forgot to say that it is C
}

namespace pintle::kube {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_output = std::size_t{1} << 20U;
constexpr std::size_t most_errors = 2048;

/// Both ends are closed in the program that is started, but for what posix_spawn puts in their place.
struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
  [[nodiscard]] int take_reader() noexcept { return std::exchange(ends[0], -1); }
  std::array<int, 2> ends{-1, -1};
};

[[nodiscard]] std::vector<std::string> environment_of(const CommandLine& line) {
  std::vector<std::string> out;
  const auto is_replaced = [&](std::string_view entry) {
    for (const auto& [name, value] : line.environment)
      if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') return true;
    return false;
  };
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    if (!is_replaced(*entry)) out.emplace_back(*entry);
  for (const auto& [name, value] : line.environment) out.push_back(fmt::format("{}={}", name, value));
  return out;
}

[[nodiscard]] std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// The pid, or errno as a negative number.
[[nodiscard]] pid_t spawn(CommandLine& line, const Pipe& output, const Pipe& errors) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output.ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, errors.ends[1], STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> environment = environment_of(line);
  pid_t pid = 0;
  const int fault = ::posix_spawnp(&pid, line.words.front().c_str(), &files, &attributes,
                                   pointers_to(line.words).data(), pointers_to(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return fault == 0 ? pid : -fault;
}

struct Run : std::enable_shared_from_this<Run> {
  Run(asio::io_context& io, std::function<void(Result<CommandResult>)> report)
      : output(io), errors(io), exit(io), deadline(io), done(std::move(report)) {}

  void start(CommandLine line) {
    command = line.words.front();
    Pipe out;
    Pipe err;
    if (out.ends[0] < 0 || err.ends[0] < 0) return fail(ErrorCode::Exhausted, "no pipe");
    pid = spawn(line, out, err);
    if (pid < 0) {
      const int fault = -std::exchange(pid, 0);
      return fail(fault == ENOENT ? ErrorCode::NoSuchFile : ErrorCode::PermissionDenied,
                  std::generic_category().message(fault));
    }
    const int watched = ::pidfd_open(pid, 0);
    if (watched < 0) return fail(ErrorCode::Exhausted, "it cannot be waited for");
    exit.assign(watched);
    output.assign(out.take_reader());
    errors.assign(err.take_reader());
    output.non_blocking(true);
    errors.non_blocking(true);
    read(output, output_text);
    read(errors, errors_text);
    exit.async_wait(asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](const boost::system::error_code& fault) {
                      if (const auto self = weak.lock(); self && !fault) self->on_exit();
                    });
    deadline.expires_after(line.timeout);
    deadline.async_wait([weak = weak_from_this(), limit = line.timeout](const boost::system::error_code& fault) {
      if (const auto self = weak.lock(); self && !fault)
        self->finish(make_error(ErrorCode::Timeout, fmt::format("it did not end within {} ms", limit.count())));
    });
  }

  /// From the event loop: nothing is reported from inside run_command().
  void fail(ErrorCode code, std::string why) {
    asio::post(output.get_executor(), [weak = weak_from_this(), code, why = std::move(why)] {
      if (const auto self = weak.lock())
        self->finish(make_error(code, fmt::format("{} cannot be run: {}", self->command, why)));
    });
  }

  /// Waits and then reads, and does not read ahead: what was printed last must not lie in an unfinished read at the
  /// end.
  void read(asio::posix::stream_descriptor& from, std::string& into) {
    from.async_wait(asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this(), &from, &into](const boost::system::error_code& fault) {
                      const auto self = weak.lock();
                      if (self && !fault && self->drain(from, into) == Drained::Open) self->read(from, into);
                    });
  }
  /// False: it is finished.
  bool keep(std::string_view piece, std::string& into) {
    into.append(piece);
    if (&into == &errors_text && into.size() > most_errors) into.resize(most_errors);
    if (into.size() <= most_output) return true;
    finish(make_error(ErrorCode::TooLarge, "it printed more than 1 MiB"));
    return false;
  }

  /// What it printed last lies in the pipes still; a child of its own may hold them open, which is not waited for.
  void on_exit() {
    siginfo_t how{};
    ::waitid(P_PID, static_cast<id_t>(pid), &how, WEXITED);
    pid = 0;
    if (drain(output, output_text) == Drained::TooMuch || drain(errors, errors_text) == Drained::TooMuch) return;
    const bool exited = how.si_code == CLD_EXITED;
    finish(CommandResult{.exit_code = exited ? how.si_status : 128 + how.si_status,
                         .output = Secret(std::move(output_text)),
                         .errors = std::move(errors_text)});
  }
  enum class Drained : std::uint8_t { Open, AtEnd, TooMuch };
  Drained drain(asio::posix::stream_descriptor& from, std::string& into) {
    std::array<char, 4096> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled before it is read
    boost::system::error_code fault;
    while (true) {
      const std::size_t got = from.read_some(asio::buffer(piece), fault);
      if (fault == asio::error::would_block) return Drained::Open;
      if (fault || got == 0) return Drained::AtEnd;
      if (!keep(std::string_view(piece.data(), got), into)) return Drained::TooMuch;
    }
  }

  void finish(Result<CommandResult> result) {
    stop();
    if (const auto report = std::exchange(done, nullptr)) report(std::move(result));
  }
  void stop() {
    deadline.cancel();
    exit.close();
    output.close();
    errors.close();
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    siginfo_t how{};
    ::waitid(P_PID, static_cast<id_t>(std::exchange(pid, 0)), &how, WEXITED);
  }

  asio::posix::stream_descriptor output;
  asio::posix::stream_descriptor errors;
  asio::posix::stream_descriptor exit;  ///< a pidfd: readable when it has ended
  asio::steady_timer deadline;
  std::function<void(Result<CommandResult>)> done;
  std::string command;
  pid_t pid = 0;
  std::string output_text;
  std::string errors_text;
};

struct Held final : RunningCommand {
  explicit Held(std::shared_ptr<Run> held) : run(std::move(held)) {}
  ~Held() override {
    run->done = nullptr;
    run->stop();
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  std::shared_ptr<Run> run;
};

}  // namespace

std::unique_ptr<RunningCommand> run_command(asio::io_context& io, CommandLine line,
                                            std::function<void(Result<CommandResult>)> done) {
  auto run = std::make_shared<Run>(io, std::move(done));
  run->start(std::move(line));
  return std::make_unique<Held>(std::move(run));
}

}  // namespace pintle::kube
