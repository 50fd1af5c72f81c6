#include "controller/api/finding.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pintle::api {

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

std::string format_finding(const Finding& finding) {
  std::string out = finding.file;
  if (finding.line != 0) out += fmt::format("{}{}:{}", out.empty() ? "" : ":", finding.line, finding.column);
  out += fmt::format("{}{} {}: ", out.empty() ? "" : ": ", to_string(finding.severity), finding.id);
  if (!finding.object.empty()) out += finding.object + ": ";
  if (!finding.field_path.empty()) out += finding.field_path + ": ";
  out += finding.message;
  if (!finding.fix.empty()) out += "; fix: " + finding.fix;
  return out;
}

const std::vector<FindingDoc>& finding_docs() {
  using enum Severity;
  static const std::vector<FindingDoc> docs{
      {"GW0101", Error, "Not valid YAML",
       "The file cannot be read as YAML. All objects of the file keep their last good version.",
       "look at the indentation, quotes and colons of this line and the one before"},
      {"GW0102", Error, "Not valid JSON",
       "The file cannot be read as JSON (RFC 8259). All objects of the file keep their last good version.",
       "correct the text there; JSON takes no comments and no trailing commas"},
      {"GW0103", Error, "Nested too deep",
       "Lists and objects are nested deeper than 64 levels; no Kubernetes object is.",
       "write it flatter: no Kubernetes object nests so deep"},
      {"GW0104", Error, "Key written twice",
       "One object holds the same key twice; readers disagree about which one counts.", "keep one of them"},
      {"GW0105", Error, "Too large", "The file is larger than the limit, or its YAML aliases expand to too much."},
      {"GW0106", Error, "Not text", "Manifests must be UTF-8 without control characters."},
      {"GW0107", Error, "Cannot be read", "The file or folder cannot be opened or read."},
      {"GW0108", Error, "Not an object",
       "A document of the file is a list or a scalar; a manifest is an object with apiVersion and kind.",
       "write an object with apiVersion, kind and metadata"},
      {"GW0201", Error, "Unknown field",
       "The API has no such field here, so it would have no effect. Often a typing error or a wrong "
       "indentation."},
      {"GW0202", Error, "Required field missing", "The API demands the field.", "add it"},
      {"GW0203", Error, "Wrong type",
       "The field has a value of another type than the API demands. A plain yes, no, on, off or number in "
       "YAML is not a string: put it in quotes.",
       "give it a value of that type"},
      {"GW0204", Error, "No apiVersion or kind", "Without both this is no Kubernetes object."},
      {"GW0205", Info, "Kind not used",
       "Pintle does not read this kind. For a kind the Gateway API does not have it is an error.",
       "leave it, or check the spelling of kind and apiVersion"},
      {"GW0207", Error, "Version not served", "The kind is known, but not in this version of its API."},
      {"GW0301", Error, "Bad name", "Names are lower case letters, digits and '-', in some places also '.'.",
       "use lower case letters, digits and '-', with a letter or digit at both ends"},
      {"GW0302", Error, "Bad namespace", "Namespaces are lower case letters, digits and '-', at most 63.",
       "use at most 63 lower case letters, digits and '-', with a letter or digit at both ends"},
      {"GW0303", Error, "Bad host name",
       "Host names are lower case, without port; '*.' is allowed only as the first label, and not "
       "everywhere.",
       "write a host name like shop.example.com, lower case and without port"},
      {"GW0304", Error, "Number out of range", "The number is smaller or larger than the API allows.",
       "use a number of that range"},
      {"GW0305", Error, "Not one of the allowed values", "The field takes only the listed words; case matters.",
       "use one of the listed words"},
      {"GW0306", Error, "Too short or too long", "The text is empty or longer than the API allows.",
       "make it as long as the API allows"},
      {"GW0307", Error, "Bad header name", "Header and query parameter names are tokens of RFC 9110.",
       "use letters, digits and '-'"},
      {"GW0308", Error, "Bad header value", "Header values cannot hold control characters.",
       "remove what may not stand in a header"},
      {"GW0309", Error, "Bad path",
       "Paths of Exact and PathPrefix matches start with '/', are normal already (no '//', '/./', '/../') "
       "and hold only characters of a path.",
       "write a path that begins with '/' and is normal already"},
      {"GW0310", Error, "Bad duration", "Durations follow GEP-2257: up to four whole numbers with h, m, s or ms.",
       "write it like 10s, 1m30s or 500ms"},
      {"GW0311", Error, "Too many or too few items", "The list is longer or shorter than the API allows.",
       "make the list as long as the API allows"},
      {"GW0312", Error, "Bad text", "The text does not have the form the API demands.", "write it in that form"},
      {"GW0313", Error, "Not base64", "Values under data must be base64 (RFC 4648); stringData takes plain text.",
       "encode the value, or put it under stringData as it is"},
      {"GW0314", Error, "Bad time", "Times follow RFC 3339.", "write it like 2026-01-31T12:00:00Z"},
      {"GW0315", Error, "Bad label or annotation",
       "Keys are an optional domain and a name of at most 63; label values at most 63 letters, digits, '-', "
       "'_', '.'.",
       "shorten or respell it"},
      {"GW0316", Error, "Item stands twice",
       "The list is a set or a map: no two items may be equal or have the same name.", "remove one of them"},
      {"GW0317", Error, "Bad address", "The endpoint's address does not fit the addressType of its slice.",
       "write an address of that type"},
      {"GW0318", Warning, "Host name is an IP address",
       "Host names are compared with the Host of requests; an address matches only requests made to that "
       "address literally.",
       "use a name, or leave hostname out"},
      {"GW0401", Error, "Filter field and type disagree", "A filter must have the field of its type and no other."},
      {"GW0402", Error, "Filter repeated",
       "Header modifiers, redirects, rewrites and CORS may stand only once in a list of filters.", "merge the two"},
      {"GW0403", Error, "Redirect and rewrite together",
       "A request is either answered with a redirect or rewritten and forwarded."},
      {"GW0404", Error, "Redirect with backends",
       "A redirect is answered by the gateway: the rule cannot also have backendRefs."},
      {"GW0405", Error, "replacePrefixMatch without one PathPrefix",
       "The prefix to replace is that of the rule's only match."},
      {"GW0406", Error, "backendRequest longer than request",
       "The timeout of one try cannot be longer than that of the whole request."},
      {"GW0407", Error, "Service reference without port",
       "Traffic goes to a port of a Service; which one must be said.", "add port"},
      {"GW0408", Error, "parentRefs not told apart",
       "Several references to one parent must all have a sectionName, or all a port, and differ in it."},
      {"GW0409", Error, "Too many matches", "All rules of a route together may have at most 128 matches."},
      {"GW0410", Warning, "Rule name used twice", "The experimental channel of the API refuses it."},
      {"GW0411", Error, "Listener name used twice",
       "Routes and statuses name listeners: each needs a name of its own."},
      {"GW0412", Error, "Listeners not distinct",
       "Two listeners of a Gateway or ListenerSet have the same port, protocol and hostname.",
       "change port, protocol or hostname of one of them"},
      {"GW0413", Error, "tls and protocol disagree",
       "HTTP, TCP and UDP listeners have no tls, HTTPS ones terminate it, TLS ones must say a mode."},
      {"GW0414", Error, "No certificate", "A listener that terminates TLS needs certificateRefs or options."},
      {"GW0415", Error, "hostname on a TCP or UDP listener", "There is no host name in TCP or UDP."},
      {"GW0416", Error, "Address stands twice", "The addresses of a Gateway must differ."},
      {"GW0417", Error, "\"*\" beside others", "A wildcard already allows everything."},
      {"GW0418", Error, "Bad share of mirrored requests",
       "Either percent or fraction, and the numerator not above the denominator.",
       "use percent, or fraction with a numerator not above the denominator"},
      {"GW0419", Error, "Path modifier field and type disagree",
       "Type ReplaceFullPath uses replaceFullPath, type ReplacePrefixMatch uses replacePrefixMatch.",
       "make type and field agree"},
      {"GW0420", Error, "externalAuth field and protocol disagree", "Protocol HTTP uses http, protocol GRPC uses grpc.",
       "make protocol and field agree"},
      {"GW0424", Error, "CAs of a BackendTLSPolicy unclear",
       "Exactly one of caCertificateRefs and wellKnownCACertificates says by whom backends are certified.",
       "Name the CA, or write wellKnownCACertificates: System."},
      {"GW0423", Error, "subjectAltNames field and type disagree", "Type Hostname uses hostname, type URI uses uri.",
       "Make type and field agree."},
      {"GW0422", Error, "gRPC method match without service and method",
       "A method match of a GRPCRoute needs a service, a method, or both.", "Give one, or leave the match out."},
      {"GW0421", Error, "Bad session persistence",
       "cookieConfig needs type Cookie; a permanent cookie needs absoluteTimeout.", "add what is missing"},
      {"GW0501", Warning, "Object written twice",
       "Two places define the same object; the first by file path, then by order in the file, counts."},
      {"GW0502", Warning, "Last good version kept",
       "The object or file is not sound now; what it said before stays in force."},
      {"GW0503", Warning, "Looked at by the clock",
       "A limit of inotify is reached; changes of the folder are found a little later than they happen.",
       "raise fs.inotify.max_user_watches, or leave it: nothing is lost"},
  };
  return docs;
}

void add_ways_out(std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    if (!finding.fix.empty()) continue;
    const auto doc = std::ranges::find(finding_docs(), finding.id, &FindingDoc::id);
    if (doc != finding_docs().end()) finding.fix = doc->fix;
  }
}

}  // namespace pintle::api
