#include "src/app/finding_table.hpp"

#include <algorithm>

namespace pintle::app {

const std::vector<CrossFindingDoc>& cross_finding_docs() {
  using enum api::Severity;
  static const std::vector<CrossFindingDoc> docs{
      {{"GW0600", Error, "Condition not good", "A condition of the object would not have its good value."}, "", ""},
      {{"GW0601", Error, "parametersRef not supported", "Pintle takes no parameters of that kind."},
       "InvalidParameters",
       "remove parametersRef"},
      {{"GW0602", Error, "Address type not supported", "Gateways are bound at IP addresses; other types are refused."},
       "UnsupportedAddress",
       "use type IPAddress"},
      {{"GW0603", Error, "No address", "The Gateway has no address it could be bound at."},
       "AddressNotAssigned",
       "write spec.addresses, or serve with --address"},
      {{"GW0604", Error, "Address not usable",
        "The address is no IP address, or another Gateway has it with the same port."},
       "AddressNotUsable",
       "use an address of this machine that no other Gateway has"},
      {{"GW0605", Error, "Client certificate of the Gateway not usable",
        "backend.clientCertificateRef names no usable TLS Secret."},
       "InvalidClientCertificateRef",
       "name a Secret of type kubernetes.io/tls with tls.crt and tls.key"},
      {{"GW0606", Error, "Protocol not supported",
        "The listener's protocol or the backend's appProtocol is not served."},
       "UnsupportedProtocol",
       "use HTTP, HTTPS, TLS, TCP or UDP; of a Service port, an appProtocol that Pintle speaks"},
      {{"GW0607", Error, "Value not supported",
        "The field holds a word Pintle does not know, or one it does not serve in this version. A rule with it answers "
        "500: it must not fall through to another rule."},
       "UnsupportedValue",
       "correct the value; where the message names others, use one of them"},
      {{"GW0608", Error, "Port clash", "Another Gateway has that address and port; the older one keeps it."},
       "PortUnavailable",
       "use another port, or an address of its own for each Gateway"},
      {{"GW0609", Error, "Listener contradicts itself", "For example a namespace selector that selects nothing."},
       "Invalid",
       "correct the field the message names"},
      {{"GW0610", Error, "Hostname conflict",
        "Two listeners of the Gateway have the same port and hostname; neither could tell its requests. Of a "
        "ListenerSet "
        "the one that comes later is refused."},
       "HostnameConflict",
       "give each listener of a port its own hostname"},
      {{"GW0611", Error, "Protocol conflict", "Listeners of one port speak different protocols."},
       "ProtocolConflict",
       "give each protocol its own port"},
      {{"GW0612", Error, "Route kinds not supported", "allowedRoutes.kinds names what such a listener cannot carry."},
       "InvalidRouteKinds",
       "leave kinds out, or name the kind of route that the protocol carries"},
      {{"GW0613", Error, "Certificate not usable",
        "A certificateRef names no Secret, or one without a chain and key that belong together."},
       "InvalidCertificateRef",
       "name a Secret of type kubernetes.io/tls; without one at hand, serve with --tls internal"},
      {{"GW0614", Error, "CA certificate not usable", "A caCertificateRef names no ConfigMap with a certificate."},
       "InvalidCACertificateRef",
       "name a ConfigMap whose key ca.crt holds PEM certificates"},
      {{"GW0615", Error, "Kind of CA reference not supported", "CA certificates are read from ConfigMaps."},
       "InvalidCACertificateKind",
       "refer to a ConfigMap of the core group"},
      {{"GW0616", Error, "No valid CA certificate", "None of the caCertificateRefs can be used."},
       "NoValidCACertificate",
       "correct at least one of them"},
      {{"GW0617", Warning, "Hostnames overlap over TLS",
        "Clients may reuse a connection for a host of another listener; it is answered 421 then."},
       "OverlappingHostnames",
       "harmless where clients repeat a request after 421, as browsers do; else use hostnames that do not overlap"},
      {{"GW0618", Warning, "Certificates overlap",
        "A certificate also covers hosts of another listener; clients may reuse a connection for them and get 421."},
       "OverlappingCertificates",
       "use certificates that cover the hosts of their own listener alone"},
      {{"GW0619", Error, "No such listener", "The Gateway has no listener of the parentRef's name and port."},
       "NoMatchingParent",
       "write the sectionName and port of a listener of that Gateway"},
      {{"GW0620", Error, "Not allowed by the listener", "allowedRoutes of the listener does not admit the route."},
       "NotAllowedByListeners",
       "move the route, or let allowedRoutes.namespaces of the listener admit its namespace"},
      {{"GW0621", Error, "No common hostname", "No hostname of the route is one of the listener's."},
       "NoMatchingListenerHostname",
       "write a hostname that the listener covers"},
      {{"GW0622", Error, "Filters do not go together", "The filters of the rule contradict each other."},
       "IncompatibleFilters",
       "keep one of them"},
      {{"GW0623", Error, "Kind of reference not supported", "A reference names what cannot be a backend or a filter."},
       "InvalidKind",
       "refer to a Service of the core group"},
      {{"GW0624", Error, "Backend not found", "There is no such Service, or it has no such port; its share gets 500."},
       "BackendNotFound",
       "correct name, namespace and port, or add the Service"},
      {{"GW0625", Error, "Reference not permitted",
        "A reference into another namespace needs a ReferenceGrant there; without it its share gets 500."},
       "RefNotPermitted",
       "add a ReferenceGrant in the namespace referred to"},
      {{"GW0626", Error, "Policy conflicts with another",
        "Another policy has the same target and is older, or first by name; this one is not in force."},
       "Conflicted",
       "remove one of them, or give one a sectionName"},
      {{"GW0627", Error, "Target of the policy not found", "There is no such Service, or it has no port of that name."},
       "TargetNotFound",
       "correct name and sectionName, or add the Service"},
      {{"GW0628", Error, "ListenerSet not allowed",
        "allowedListeners of the Gateway does not admit the set's namespace; by default it admits none."},
       "NotAllowed",
       "let spec.allowedListeners.namespaces of the Gateway admit the namespace"},
      {{"GW0629", Error, "Gateway of the ListenerSet not accepted",
        "Nothing of a set is served while its Gateway is not accepted."},
       "ParentNotAccepted",
       "correct the Gateway: its own findings tell what is wrong"},
      {{"GW0630", Error, "No listener of the ListenerSet can serve", "Each of its listeners has a finding of its own."},
       "ListenersNotValid",
       "correct at least one of the listeners"},
      {{"GW0631", Error, "Port of a ListenerSet taken",
        "A listener that comes first has the port, and nothing could tell the traffic of both apart."},
       "ListenerConflict",
       "use another port"},
      {{"GW0632", Error, "Too many ports", "A Gateway and its ListenerSets have at most 100 ports together."},
       "TooManyListeners",
       "use a port that the Gateway has already, or another Gateway"},
      {{"GW0701", Warning, "Rule can never win",
        "Wherever the rule is attached, every request it matches is taken by a rule of higher precedence."},
       "",
       "make the matches differ, or remove one of the rules"},
      {{"GW0702", Warning, "Match can never win",
        "Every request of this match is taken by a rule of higher precedence; other matches of the rule may win."},
       "",
       "make the matches differ, or remove one of them"},
      {{"GW0801", Warning, "Certificate ends soon", "The certificate ends within the days given by --expiry-days."},
       "",
       "renew it; a changed Secret is served without a restart"},
      {{"GW0802", Error, "Certificate has ended", "Clients refuse a certificate that has ended."}, "", "renew it"},
      {{"GW0901", Info, "ReferenceGrant not used", "No reference of these manifests needs the grant."},
       "",
       "remove it, unless what needs it comes from elsewhere"},
      {{"GW0902", Info, "Attached to nothing", "No parentRef of the route or ListenerSet names a Gateway served here."},
       "",
       "name a Gateway of these manifests whose class is served, unless it comes from elsewhere"},
      {{"GW0903", Info, "Note", "Nothing is wrong, but it is worth knowing."}, "", ""},
  };
  return docs;
}

const CrossFindingDoc& find_cross_finding(std::string_view id) {
  const auto& docs = cross_finding_docs();
  const auto found = std::ranges::find(docs, id, [](const CrossFindingDoc& row) { return row.doc.id; });
  return found == docs.end() ? docs.front() : *found;
}

const CrossFindingDoc& find_finding_of_reason(std::string_view reason) {
  const auto& docs = cross_finding_docs();
  const auto found = std::ranges::find(docs, reason, &CrossFindingDoc::reason);
  return found == docs.end() || reason.empty() ? docs.front() : *found;
}

std::vector<api::FindingDoc> all_finding_docs() {
  std::vector<api::FindingDoc> all = api::finding_docs();
  for (const CrossFindingDoc& row : cross_finding_docs()) all.push_back(row.doc);
  std::ranges::sort(all, {}, &api::FindingDoc::id);
  return all;
}

}  // namespace pintle::app
