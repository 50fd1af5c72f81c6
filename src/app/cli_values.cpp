#include "src/app/cli_values.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>
#include <optional>

#include <fmt/format.h>

namespace pintle::app {
namespace {

[[nodiscard]] auto invalid(std::string text) { return make_error(ErrorCode::InvalidArgument, std::move(text)); }

template <class Number>
[[nodiscard]] std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

[[nodiscard]] std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

Result<runtime::SocketAddress> parse_address_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  runtime::SocketAddress address;
  if (colon == std::string_view::npos)
    return invalid(fmt::format("'{}' is no ADDRESS:PORT; write for example 127.0.0.1:9801", text));
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (!port || !runtime::parse_ip(host, address))
    return invalid(fmt::format("'{}' is no ADDRESS:PORT with a literal IP; write for example 127.0.0.1:9801", text));
  address.port = *port;
  return address;
}

Result<BackendOverride> parse_backend_override(std::string_view text) {
  const auto wrong = [&] {
    return invalid(
        fmt::format("'{}' is not NAMESPACE/SERVICE:PORT=HOST:PORT; write for example "
                    "default/shop:80=127.0.0.1:9000",
                    text));
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong();
  const std::string_view service = text.substr(0, equals);
  const std::size_t slash = service.find('/');
  const std::size_t colon = service.rfind(':');
  if (slash == std::string_view::npos || colon == std::string_view::npos || slash == 0 || colon <= slash + 1)
    return wrong();
  const auto port = parse_number<std::uint16_t>(service.substr(colon + 1));
  const auto address = parse_address_and_port(text.substr(equals + 1));
  if (!port || *port == 0 || !address || address->port == 0) return wrong();
  return BackendOverride{.ns = std::string(service.substr(0, slash)),
                         .service = std::string(service.substr(slash + 1, colon - slash - 1)),
                         .port = *port,
                         .address = *address};
}

Result<std::pair<std::string, std::string>> parse_pair(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    return invalid(fmt::format("'{}' is not KEY=VALUE; write for example example.com/scheme=internal", text));
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

Result<resolve::PortRange> parse_port_range(std::string_view text) {
  constexpr std::uint16_t first_free = 1024;
  const std::size_t dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto first = parse_number<std::uint16_t>(text.substr(0, dash));
    const auto last = parse_number<std::uint16_t>(text.substr(dash + 1));
    if (first && last && *first >= first_free && *first <= *last)
      return resolve::PortRange{.first = *first, .last = *last};
  }
  return invalid(
      fmt::format("'{}' is not FIRST-LAST with ports from {} on; write for example 20000-29999", text, first_free));
}

Result<Millis> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return invalid(fmt::format("'{}' is no duration; write for example 1m30s or 500ms", text));
  };
  std::string_view rest = text;
  Millis total{0};
  if (rest.empty()) return wrong();
  while (!rest.empty()) {
    std::uint32_t count = 0;
    const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (fault != std::errc{}) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::pair<std::string_view, std::int64_t> units[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};
    const auto* unit = std::ranges::find_if(units, [&](const auto& u) { return rest.starts_with(u.first); });
    if (unit == std::end(units)) return wrong();
    rest.remove_prefix(unit->first.size());
    total += Millis(count * unit->second);
  }
  return total;
}

Result<void> check_bind_address(std::string_view text) {
  runtime::SocketAddress address;
  if (text == "*" || runtime::parse_ip(text, address)) return {};
  return invalid(fmt::format("'{}' is neither an IP address nor '*' (all addresses)", text));
}

std::vector<runtime::SocketAddress> bind_addresses(const std::vector<std::string>& texts) {
  std::vector<runtime::SocketAddress> addresses;
  for (const std::string& text : texts) {
    runtime::SocketAddress address;
    if (text == "*")
      std::ranges::copy(resolve::any_addresses(), std::back_inserter(addresses));
    else if (runtime::parse_ip(text, address))
      addresses.push_back(address);
  }
  return addresses;
}

Result<void> check_header(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return invalid(fmt::format("'{}' is no header; write 'Name: value'", text));
  return {};
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t least = 0;
  for (const std::string& candidate : known) {
    const std::size_t away = distance(word, candidate);
    if (away * 3 <= std::max<std::size_t>(word.size(), 3) && (best == nullptr || away < least)) {
      best = &candidate;
      least = away;
    }
  }
  return best == nullptr ? std::string() : *best;
}

}  // namespace pintle::app
