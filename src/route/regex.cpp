#include <fmt/format.h>
#include <re2/re2.h>

#include <pintle/route/match.hpp>

namespace pintle::route {
namespace {

/// Memory for the program and its automaton; what asks for more is refused when compiled (req 52).
constexpr std::int64_t memory_limit = 1 << 20;

RE2::Options make_options() {
  RE2::Options options(RE2::Latin1);  // in UTF-8 mode "admin.*" would not match "admin\xff": a deny rule fails open
  options.set_dot_nl(true);           // the same for a line feed that came percent-encoded
  options.set_max_mem(memory_limit);
  options.set_log_errors(false);
  return options;
}

}  // namespace

struct Regex::Impl {
  explicit Impl(std::string_view pattern) : re(re2::StringPiece(pattern.data(), pattern.size()), make_options()) {}
  RE2 re;
};

Result<Regex> Regex::compile(std::string_view pattern) {
  auto impl = std::make_shared<const Impl>(pattern);
  if (!impl->re.ok()) {
    if (impl->re.error_code() == RE2::ErrorPatternTooLarge || impl->re.error_code() == RE2::ErrorRepeatSize)
      return make_error(
          ErrorCode::TooLarge,
          fmt::format("the regular expression is too large ({}); use fewer or smaller repetitions", impl->re.error()));
    return make_error(ErrorCode::InvalidArgument,
                      fmt::format("not a regular expression in RE2 syntax: {}", impl->re.error()));
  }
  Regex regex;
  regex.impl_ = std::move(impl);
  return regex;
}

bool Regex::matches(std::string_view text) const noexcept {
  return impl_ && RE2::FullMatch(re2::StringPiece(text.data(), text.size()), impl_->re);
}

const std::string& Regex::pattern() const noexcept {
  static const std::string none;
  return impl_ ? impl_->re.pattern() : none;
}

}  // namespace pintle::route
