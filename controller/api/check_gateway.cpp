#include "controller/api/check_gateway.hpp"

#include <fmt/format.h>

namespace pintle::api {
namespace {

/// The member of a node, or the node itself when it is absent: where to point.
Field place_of(const Field& field, std::string_view key) {
  const Member* member = field.value().find(key);
  return member == nullptr ? field : field.member(*member);
}

void check_listener(const Field& field, const Listener& listener) {
  const bool plain = listener.protocol == "HTTP" || listener.protocol == "TCP" || listener.protocol == "UDP";
  if (plain && listener.tls) {
    place_of(field, "tls")
        .report({.id = "GW0413",
                 .message = fmt::format("tls must not be given for protocol {}", listener.protocol),
                 .fix = listener.protocol == "HTTP" ? "set protocol: HTTPS, or remove tls"
                                                    : "set protocol: TLS, or remove tls"});
  }
  if (listener.protocol == "HTTPS" && listener.tls && listener.tls->mode != TLSMode::Terminate) {
    place_of(field, "tls")
        .report({.id = "GW0413",
                 .message = "the tls mode must be Terminate for protocol HTTPS",
                 .fix = "set mode: Terminate, or protocol: TLS"});
  }
  if (listener.protocol == "TLS" && !listener.tls) {
    field.report({.id = "GW0413",
                  .message = "tls must be given for protocol TLS",
                  .fix = "add tls: {mode: Passthrough}, or mode Terminate with certificateRefs"});
  }
  if ((listener.protocol == "TCP" || listener.protocol == "UDP") && listener.hostname) {
    place_of(field, "hostname")
        .report({.id = "GW0415",
                 .message = fmt::format("hostname must not be given for protocol {}", listener.protocol),
                 .fix = "remove it"});
  }
}

}  // namespace

void check_listeners(const Field& list, const std::vector<Listener>& listeners) {
  for (std::size_t at = 0; at < listeners.size(); ++at) {
    const Listener& one = listeners[at];
    const Field field = list.item(at);
    check_listener(field, one);
    for (std::size_t before = 0; before < at; ++before) {
      const Listener& other = listeners[before];
      if (one.name == other.name) {
        place_of(field, "name")
            .report({.id = "GW0411",
                     .message = fmt::format("listener name {} is used twice", quote(one.name)),
                     .fix = "give each listener a name of its own"});
        break;
      }
      if (one.port == other.port && one.protocol == other.protocol && one.hostname == other.hostname) {
        field.report({.id = "GW0412",
                      .message = fmt::format("port, protocol and hostname are those of listener {}", quote(other.name)),
                      .fix = "change one of the three, or remove a listener"});
        break;
      }
    }
  }
}

void check_addresses(const Field& list, const std::vector<GatewayAddress>& addresses) {
  for (std::size_t at = 1; at < addresses.size(); ++at) {
    const GatewayAddress& one = addresses[at];
    if (!one.value || (one.type != "IPAddress" && one.type != "Hostname")) continue;
    for (std::size_t before = 0; before < at; ++before) {
      if (!(addresses[before] == one)) continue;
      list.item(at).report({.id = "GW0416",
                            .message = fmt::format("{} value {} stands twice", one.type, quote(*one.value)),
                            .fix = "remove one"});
      break;
    }
  }
}

void check_label_map(const Field& field, const Labels& map, LabelMap which) {
  if (!field.strict() || field.value().type != Value::Type::Mapping) return;
  for (const Member& member : field.value().members) {
    const auto found = map.find(member.key);
    if (found == map.end()) continue;
    const Field at = field.member(member, true);
    if (!is_qualified_name(member.key)) {
      at.report({.id = "GW0315",
                 .message = fmt::format("{} is not a valid key", quote(member.key)),
                 .fix = "use an optional domain and '/', then at most 63 letters, digits, '-', '_' or '.'"});
    }
    if (which == LabelMap::Labels && !is_label_value(found->second)) {
      at.report({.id = "GW0315",
                 .message = fmt::format("{} is not a valid label value", quote(found->second)),
                 .fix = "use at most 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends"});
    }
  }
}

}  // namespace pintle::api
