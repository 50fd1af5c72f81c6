#include "dataplane/observe/access_log.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pintle::observe {
namespace {

[[nodiscard]] std::string_view version_text(http::Version version) noexcept {
  switch (version) {
    case http::Version::Http10:
      return "1.0";
    case http::Version::Http11:
      return "1.1";
    case http::Version::Http2:
      return "2";
  }
  return {};
}

[[nodiscard]] Nanos offset_of_wall_clock() noexcept {
  return std::chrono::system_clock::now().time_since_epoch() - std::chrono::steady_clock::now().time_since_epoch();
}

void write_request(LogLine& line, const RequestRecord& r, QueryField query) noexcept {
  line.text_if(R"("request_id":)", r.request_id);
  line.text_if(R"("trace_id":)", r.trace_id);
  line.text_if(R"("span_id":)", r.span_id);
  line.text_if(R"("http.request.method":)", r.method_text.empty() ? http::method_name(r.method) : r.method_text);
  line.text(R"("url.scheme":)", r.scheme == runtime::SocketProtocol::Https ? "https" : "http");
  line.text_if(R"("server.address":)", r.server_address);
  line.number(R"("server.port":)", r.server_port);
  line.text_if(R"("url.path":)", r.path);
  if (query == QueryField::Write) line.text_if(R"("url.query":)", r.query);
  line.text(R"("network.protocol.version":)", version_text(r.version));
  line.number(R"("http.request.body.size":)", r.request_body_bytes);
  line.text_if(R"("user_agent.original":)", r.user_agent);
  if (r.status != 0) line.number(R"("http.response.status_code":)", r.status);
  line.number(R"("http.response.body.size":)", r.response_body_bytes);
}

void write_client(LogLine& line, const RequestRecord& r) noexcept {
  line.ip(R"("client.address":)", r.client);
  if (r.client.port != 0) line.number(R"("client.port":)", r.client.port);
  line.ip(R"("network.peer.address":)", r.peer);
  std::string_view version = r.tls_version;
  if (version.starts_with("TLSv")) version.remove_prefix(4);
  line.text_if(R"("tls.protocol.version":)", version);
  line.text_if(R"("tls.server_name":)", r.tls_server_name);
  line.text_if(R"("tls.client.subject":)", r.tls_client_subject);
}

/// Of a RequestRecord or a ConnectionRecord.
void write_place(LogLine& line, const auto& r) noexcept {
  if (r.listener != nullptr) {
    line.text(R"("gateway":)", r.listener->gateway);
    line.text(R"("listener":)", r.listener->name);
  }
  if (r.rule != nullptr) {
    line.text(R"("route":)", r.rule->source.route);
    if (r.rule->source.name.empty()) {
      std::array<char, 12> digits{};
      const auto end = std::to_chars(digits.begin(), digits.end(), r.rule->source.index).ptr;
      line.text(R"("rule":)", {digits.data(), static_cast<std::size_t>(end - digits.data())});
    } else {
      line.text(R"("rule":)", r.rule->source.name);
    }
  }
  if (r.backend != nullptr) line.text(R"("backend":)", r.backend->name);
  if (r.upstream_address != nullptr) line.ip_and_port(R"("upstream.address":)", *r.upstream_address);
}

void write_routing(LogLine& line, const RequestRecord& r) noexcept {
  write_place(line, r);
  if (r.upstream_version) line.text(R"("upstream.protocol.version":)", version_text(*r.upstream_version));
  if (r.upstream_status != 0) line.number(R"("upstream.status_code":)", r.upstream_status);
  if (r.attempts != 0) line.number(R"("attempts":)", r.attempts);
}

void write_reason(LogLine& line, const auto& r) noexcept {
  line.text(R"("reason":)", to_string(r.reason));
  line.text_if(R"("reason_detail":)", r.reason_detail);
  line.number(R"("config_generation":)", r.generation.value);
}

void write_connection(LogLine& line, const ConnectionRecord& r) noexcept {
  line.text(R"("network.transport":)", r.transport == runtime::Transport::Tcp ? "tcp" : "udp");
  if (r.listener != nullptr) line.number(R"("server.port":)", r.listener->public_port);
  line.ip(R"("client.address":)", r.client);
  line.number(R"("client.port":)", r.client.port);
  line.text_if(R"("tls.protocol.version":)", r.tls_version);
  line.text_if(R"("tls.server_name":)", r.tls_server_name);
  line.number(R"("bytes_received":)", r.received_bytes);
  line.number(R"("bytes_sent":)", r.sent_bytes);
  write_place(line, r);
  if (r.attempts != 0) line.number(R"("attempts":)", r.attempts);
  line.milliseconds(R"("duration_ms":)", Nanos(r.ended - r.started).count());
  if (r.upstream_connect) line.milliseconds(R"("upstream_connect_ms":)", r.upstream_connect->count());
  write_reason(line, r);
}

void write_times_and_reason(LogLine& line, const RequestRecord& r) noexcept {
  const Nanos duration = r.ended - r.started;
  line.milliseconds(R"("duration_ms":)", duration.count());
  if (r.upstream_time) line.milliseconds(R"("overhead_ms":)", (duration - *r.upstream_time).count());
  if (r.upstream_connect) line.milliseconds(R"("upstream_connect_ms":)", r.upstream_connect->count());
  if (r.upstream_first_byte) line.milliseconds(R"("upstream_ttfb_ms":)", r.upstream_first_byte->count());
  write_reason(line, r);
}

}  // namespace

AccessLogTarget::AccessLogTarget(int descriptor, Ownership ownership) noexcept
    : descriptor_(descriptor), ownership_(ownership) {
  struct stat facts{};
  pipe_ = fstat(descriptor, &facts) == 0 && (S_ISFIFO(facts.st_mode) || S_ISSOCK(facts.st_mode));
}
AccessLogTarget::~AccessLogTarget() {
  if (ownership_ == Ownership::Owned) ::close(descriptor_);
}

Result<std::shared_ptr<const AccessLogTarget>> AccessLogTarget::open_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
  if (descriptor < 0) {
    const int fault = errno;
    return make_error(fault == EACCES ? ErrorCode::PermissionDenied : ErrorCode::NoSuchFile,
                      "cannot open the access log " + path + ": " + std::strerror(fault));
  }
  return std::shared_ptr<const AccessLogTarget>(new AccessLogTarget(descriptor, Ownership::Owned));
}
std::shared_ptr<const AccessLogTarget> AccessLogTarget::borrow(int descriptor) {
  return std::shared_ptr<const AccessLogTarget>(new AccessLogTarget(descriptor, Ownership::Borrowed));
}

std::size_t AccessLogTarget::write(std::string_view lines) const noexcept {
  std::size_t taken = 0;
  while (taken < lines.size()) {
    std::string_view piece = lines.substr(taken);
    if (pipe_) {
      pollfd ready{.fd = descriptor_, .events = POLLOUT, .revents = 0};
      if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) break;  // full: POLLOUT means PIPE_BUF fits
      if (piece.size() > PIPE_BUF) {
        const std::size_t line_end = piece.rfind('\n', PIPE_BUF - 1);
        piece = piece.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
      }
    }
    const ssize_t written = ::write(descriptor_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    taken += static_cast<std::size_t>(written);
  }
  return taken;
}

AccessLog::AccessLog(std::shared_ptr<const AccessLogTarget> target, QueryField query)
    : target_(std::move(target)), query_(query), buffer_(new char[buffer_size]), wall_offset_(offset_of_wall_clock()) {}
AccessLog::~AccessLog() { flush(); }

template <class Write>
void AccessLog::append_line(Monotonic ended, Write write) noexcept {
  if (buffer_size - used_ < LogLine::max_length) flush();
  if (buffer_size - used_ < LogLine::max_length) {
    ++dropped_;
    return;
  }
  LogLine line({buffer_.get() + used_, LogLine::max_length});
  write_timestamp(line, ended);
  write(line);
  used_ += line.finish();
  if (!waiting_) {
    waiting_ = true;
    first_ = ended;
  }
}

void AccessLog::append(const RequestRecord& record) noexcept {
  append_line(record.ended, [&](LogLine& line) {
    write_request(line, record, query_);
    write_client(line, record);
    write_routing(line, record);
    write_times_and_reason(line, record);
  });
}

void AccessLog::append(const ConnectionRecord& record) noexcept {
  append_line(record.ended, [&](LogLine& line) { write_connection(line, record); });
}

void AccessLog::write_timestamp(LogLine& line, Monotonic at) noexcept {
  const Nanos wall = at.time_since_epoch() + wall_offset_;
  const std::int64_t second = wall.count() / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    const std::time_t seconds = second;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::strftime(timestamp_.data(), timestamp_.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  }
  const auto milli = static_cast<unsigned>(wall.count() / 1'000'000 % 1000);
  timestamp_[19] = '.';
  timestamp_[20] = static_cast<char>('0' + milli / 100);
  timestamp_[21] = static_cast<char>('0' + milli / 10 % 10);
  timestamp_[22] = static_cast<char>('0' + milli % 10);
  timestamp_[23] = 'Z';
  line.text(R"("timestamp":)", {timestamp_.data(), timestamp_.size()});
}

void AccessLog::on_turn_end(Monotonic now) noexcept {
  if (waiting_ && now - first_ >= interval) flush();
}

void AccessLog::flush() noexcept {
  waiting_ = false;
  wall_offset_ = offset_of_wall_clock();
  if (used_ == 0) return;
  const std::size_t taken = target_->write({buffer_.get(), used_});
  used_ -= taken;
  if (used_ != 0) {
    std::memmove(buffer_.get(), buffer_.get() + taken, used_);
    waiting_ = true;
    first_ = std::chrono::steady_clock::now();
  }
}

}  // namespace pintle::observe
